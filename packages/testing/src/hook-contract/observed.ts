import type { Hook, PersistedState, Run } from '@hookstep/catalogue'
import { overriding } from '../overriding.ts'

/** A hook, and what could be seen of it. */
export interface Observed {
  readonly hook: Hook
  /** What it declared with `run.persist`, in its last setup. */
  readonly persisted: PersistedState | undefined
  /** What its cleanups threw. */
  readonly cleanupErrors: readonly unknown[]
}

/** Looks at what passes between a hook and its runs. */
export function observe(hook: Hook): Observed {
  const cleanupErrors: unknown[] = []
  const observed = { persisted: undefined as PersistedState | undefined, cleanupErrors }
  const setup = async (run: Run): Promise<(() => Promise<void>) | undefined> => {
    const cleanup = await hook.setup(
      overriding(run, 'persist', (state: PersistedState) => {
        observed.persisted = state
        run.persist(state)
      }),
    )
    if (typeof cleanup !== 'function') return
    return async () => {
      try {
        await cleanup()
      } catch (error) {
        cleanupErrors.push(error)
        throw error
      }
    }
  }
  return Object.assign(observed, { hook: { name: hook.name, setup: setup as Hook['setup'] } })
}
