/** The processes that the cases run in: the compiler of one never learns from another's code. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Case } from './benchmark.ts'

const variable = 'HOOKSTEP_BENCH_CASE'

/** Which case this process is to measure; none in the process that the user started. */
export function childCase(): number | undefined {
  const position = process.env[variable]
  return position === undefined ? undefined : Number(position)
}

/** Measures one case and sends the number to the parent. */
export async function answerAsChild({ measure }: Case): Promise<void> {
  const value = await measure()
  process.send?.(value)
  process.disconnect?.()
}

/** Runs this program once more for one case, and returns what it measures. */
export async function runCase(position: number, name: string): Promise<number> {
  const child = fork(process.argv[1] as string, process.argv.slice(2), {
    env: { ...process.env, [variable]: String(position) },
    // JSON has no NaN to complain of.
    serialization: 'advanced',
  })
  let value: unknown
  child.once('message', (message) => {
    value = message
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`${name}: the process ended with ${signal ?? `exit code ${code}`}`)
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Error(`${name}: measured ${String(value)}, which is not a number`)
  }
  return value
}
