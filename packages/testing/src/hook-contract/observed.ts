import type { Hook, PersistedState, Run } from '@hookstep/catalogue'

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

/** The object with another method; whatever class it is of. */
function overriding<Target extends object>(target: Target, name: keyof Target, method: unknown): Target {
  return new Proxy(target, {
    get(_, key) {
      if (key === name) return method
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
