import type { Hook } from '@hookstep/catalogue'
import { type InstalledHooks, installHooks } from '@hookstep/core'
import type { Backend } from './backend.ts'
import { HookRun } from './hook-run.ts'
import type { Ledger } from './ledger.ts'
import type { ProcessGroup } from './process-group.ts'

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
    const installed = await installHooks(all, (name) => new HookRun(name, ledger), ledger.bus)
    ledger.hookStates.close()
    return installed
  } catch (error) {
    ledger.unsubscribeAll()
    group.abort(error as Error)
    throw error
  }
}
