import type { Json, PersistedState, Run } from '@hookstep/catalogue'

/** What callbacks keep across a stop and a resume, by their names: to the run, the state of one hook. */
export class CallbackStates {
  private readonly states = new Map<string, PersistedState>()

  declare(name: string, state: PersistedState): void {
    this.states.set(name, state)
  }

  forget(name: string): void {
    this.states.delete(name)
  }

  /** Declares them to the run, where any callback keeps one. */
  persistWith(run: Run): void {
    if (this.states.size === 0) return
    run.persist<Json>({
      version: 1,
      save: () => this.save(),
      load: (saved) => this.load(saved, (message) => run.warn(message)),
    })
  }

  private async save(): Promise<Json> {
    const saving = [...this.states].map(async ([name, state]) => [name, await state.save()] as const)
    return Object.fromEntries(await Promise.all(saving))
  }

  private async load(saved: Json, warn: (message: string) => void): Promise<void> {
    const states = saved as Readonly<Record<string, Json>>
    for (const [name, state] of this.states) {
      const found = states[name]
      if (found === undefined) warn(`no state was saved for ${name}: it starts fresh`)
      else await state.load(found)
    }
    for (const name of Object.keys(states)) {
      if (!this.states.has(name))
        warn(`the saved state of ${name} is not used: no callback of that name keeps one`)
    }
  }
}
