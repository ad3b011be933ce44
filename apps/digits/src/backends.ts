import type { TaskFactory } from '@hookstep/backend-tfjs'
import type { Backend } from '@hookstep/trainer'
import { UsageError } from './usage-error.ts'

/** Imports a backend only when it is asked for. */
type Load = () => Promise<(task: TaskFactory) => Backend>

/** Everything that can compute: a line for each. */
export const backends: Readonly<Record<string, Load>> = {
  wasm: async () => (await import('@hookstep/backend-tfjs/wasm')).wasm,
  cpu: async () => (await import('@hookstep/backend-tfjs')).cpu,
}

/**
 * The backend of a name, with a task to train.
 *
 * @throws UsageError when there is none of this name, or its package is not installed.
 */
export async function chooseBackend(name: string, task: TaskFactory, table = backends): Promise<Backend> {
  const load = Object.hasOwn(table, name) ? table[name] : undefined
  const others = `there are ${Object.keys(table).join(', ')}`
  if (load === undefined) throw new UsageError(`--backend ${name}: there is no such backend; ${others}`)
  try {
    return (await load())(task)
  } catch (error) {
    const missing = missingPackage(error)
    if (missing === undefined) throw error
    throw new UsageError(`--backend ${name}: ${missing} is not installed (npm install ${missing}); ${others}`)
  }
}

/** The package that an import did not find. */
function missingPackage(error: unknown): string | undefined {
  const { code, message = '' } = error as NodeJS.ErrnoException
  return code === 'ERR_MODULE_NOT_FOUND' ? /package '([^']+)'/.exec(message)?.[1] : undefined
}
