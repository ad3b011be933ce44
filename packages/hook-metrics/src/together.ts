import type { Hook, Json, PersistedState, Run } from '@hookstep/catalogue'

/** Several hooks as one, which keeps the state of each under its name. Cleanups run in reverse order, all of them. */
export function together(name: string, hooks: readonly Hook[]): Hook {
  return {
    name,
    async setup(run) {
      const states = new Map<string, PersistedState>()
      const cleanups: (() => unknown)[] = []
      const end = (): Promise<void> => endAll(cleanups)
      try {
        for (const hook of hooks) {
          const cleanup = await hook.setup(partOf(run, hook.name, states))
          if (typeof cleanup === 'function') cleanups.unshift(cleanup)
        }
      } catch (error) {
        await end()
        throw error
      }
      if (states.size > 0) run.persist(combined(run, states))
      return end
    },
  }
}

/** The first error is thrown when all have had their turn. */
async function endAll(cleanups: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = []
  for (const cleanup of cleanups) {
    try {
      await cleanup()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}

/** The run, for a hook that is a part: its state is kept with the others', and its warnings bear its name. */
function partOf(run: Run, part: string, states: Map<string, PersistedState>): Run {
  const own: Pick<Run, 'persist' | 'warn'> = {
    persist: (state) => states.set(part, state as unknown as PersistedState),
    warn: (message) => run.warn(`${part}: ${message}`),
  }
  return new Proxy(own as Run, {
    has: (_, key) => key in run,
    get(_, key) {
      if (key in own) return Reflect.get(own, key)
      const value: unknown = Reflect.get(run, key)
      // Called on the run itself: it may keep private state.
      return typeof value === 'function' ? value.bind(run) : value
    },
  })
}

/** What each part keeps, by its name. */
type Kept = { readonly [part: string]: { readonly version: number; readonly state: Json } }

function combined(run: Run, states: ReadonlyMap<string, PersistedState>): PersistedState<Kept> {
  return {
    version: 1,
    async save() {
      const kept: Record<string, Kept[string]> = {}
      for (const [part, state] of states) kept[part] = { version: state.version, state: await state.save() }
      return kept
    },
    async load(kept) {
      for (const [part, state] of states) {
        const saved = kept[part]
        if (saved === undefined) run.warn(`no state was saved for ${part}: it starts fresh`)
        else await state.load(currentForm(part, state, saved))
      }
    },
  }
}

function currentForm(part: string, { version, migrate }: PersistedState, saved: Kept[string]): Json {
  if (saved.version === version) return saved.state
  if (migrate === undefined) {
    throw new Error(`the state of ${part} is of version ${saved.version}; version ${version} is known here`)
  }
  return migrate(saved.state, saved.version)
}
