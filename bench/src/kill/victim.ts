/** The process that is killed: this program once more, with settings. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Settings } from './settings.ts'
import { type Moment, trainToEnd } from './training.ts'

const variable = 'HOOKSTEP_KILL_VICTIM'

/** What this process is to train; nothing in the process that the user started. */
export function victimSettings(): Settings | undefined {
  const settings = process.env[variable]
  return settings === undefined ? undefined : (JSON.parse(settings) as Settings)
}

/** Trains, and tells each moment before it goes on. */
export async function answerAsVictim(settings: Settings): Promise<void> {
  await trainToEnd(settings, (moment) => writeSync(1, `${moment}\n`))
}

/** When a process is killed: so long after a moment has come for the n-th time; without one, after the start. */
export interface Blow {
  readonly moment: Moment | undefined
  readonly count: number
  readonly delayMs: number
}

/** How a process ended. */
export interface Ending {
  readonly killed: boolean
  /** The last moment that it told; none where it did not come to train. */
  readonly last: Moment | undefined
  /** Whether a save was begun and not known to be durable. */
  readonly inSave: boolean
}

/** Starts a process that trains, and kills it, unless it ends before. */
export async function runVictim(settings: Settings, blow: Blow | undefined): Promise<Ending> {
  const child = spawn(process.execPath, [process.argv[1] as string], {
    env: { ...process.env, [variable]: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const errors: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
  const told = listen(child, blow)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(told.timer)
  if (signal !== 'SIGKILL' && code !== 0) {
    throw new Error(
      `a process in ${settings.folder} ended with ${signal ?? `exit code ${code}`}\n${Buffer.concat(errors)}`,
    )
  }
  return { killed: signal === 'SIGKILL', last: told.last, inSave: told.saving > told.committed }
}

interface Told {
  last: Moment | undefined
  saving: number
  committed: number
  timer: NodeJS.Timeout | undefined
}

function listen(child: ChildProcess, blow: Blow | undefined): Told {
  const told: Told = { last: undefined, saving: 0, committed: 0, timer: undefined }
  const strike = (delayMs: number): void => {
    told.timer = setTimeout(() => child.kill('SIGKILL'), delayMs)
  }
  if (blow !== undefined && blow.moment === undefined) strike(blow.delayMs)
  let left = blow?.count ?? 0
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const moment = line as Moment
    told.last = moment
    if (moment === 'saving') told.saving++
    if (moment === 'committed') told.committed++
    if (blow !== undefined && moment === blow.moment && --left === 0) strike(blow.delayMs)
  })
  return told
}
