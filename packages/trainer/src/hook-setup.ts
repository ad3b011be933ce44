import type { Hook } from '@hookstep/catalogue'
import { type InstalledHooks, installHooks } from '@hookstep/core'
import type { Backend } from './backend.ts'
import { HookRun } from './hook-run.ts'
import type { Ledger } from './ledger.ts'
import { inTime, unsettled } from './platform.ts'
import type { ProcessGroup } from './process-group.ts'

/** Sets up hooks. A `setup` and a cleanup have as much time as a handler. @throws HookError when one fails. */
export function installInTime(hooks: readonly Hook[], ledger: Ledger): Promise<InstalledHooks> {
  const { handlerTimeoutMs } = ledger.bus
  const install =
    handlerTimeoutMs === undefined ? hooks : hooks.map((hook) => inTimeOf(hook, handlerTimeoutMs))
  return installHooks(install, (name) => new HookRun(name, ledger))
}

const late = (ms: number): string => unsettled('its promise', ms)

/** What is no hook stays as it is, to be refused. */
function inTimeOf(hook: Hook, ms: number): Hook {
  if (typeof hook?.setup !== 'function') return hook
  return {
    name: hook.name,
    async setup(run) {
      const cleanup = await inTime(hook.setup(run), ms, late)
      return typeof cleanup === 'function' ? () => inTime(cleanup(), ms, late) : undefined
    },
  }
}

export interface HookSetup {
  readonly backend: Backend
  readonly hooks: readonly Hook[]
  readonly group: ProcessGroup
}

/**
 * Sets up the task, where it follows the run, and the hooks.
 *
 * @throws HookError when one fails; nothing of the others is left then, and no other rank waits for this one.
 */
export async function setUpHooks(
  { backend, hooks, group }: HookSetup,
  ledger: Ledger,
): Promise<InstalledHooks> {
  const task: Hook = { name: 'task', setup: (run) => backend.registerEvents?.(run) }
  const all = backend.registerEvents === undefined ? hooks : [task, ...hooks]
  try {
    const installed = await installInTime(all, ledger)
    ledger.hookStates.close()
    return installed
  } catch (error) {
    ledger.unsubscribeAll()
    group.abort(error as Error)
    throw error
  }
}
