import type { Hook, PersistedState, Run } from '@hookstep/catalogue'
import { EventBus, type Unsubscribe } from '@hookstep/core'
import type { Incident } from '@hookstep/core/policies'
import { CallbackStates } from './callback-states.ts'
import { moments } from './moments.ts'
import { RunFacts } from './run-facts.ts'
import { type CallbackMethod, callbackMethods } from './trainer-callback.ts'

/** A callback's hook that is set up. */
interface Member {
  readonly unsubscribes: readonly Unsubscribe[]
  readonly setup: ReturnType<Hook['setup']>
  cleanUp(): Promise<void>
}

/**
 * The callbacks of one run. To the run they are one handler of each event that any of them is called at; from there a
 * bus of their own tells each of them.
 */
export class FollowedRun {
  private readonly run: Run
  private readonly facts: RunFacts
  private readonly states = new CallbackStates()
  private readonly bus = new EventBus()
  private readonly followed = new Map<CallbackMethod, Unsubscribe>()
  private readonly members = new Map<string, Member>()
  /** Cleanups of those that have been removed. */
  private readonly removed: Promise<void>[] = []
  /** Names of those that have failed. */
  private readonly failed = new Set<string>()

  constructor(run: Run) {
    this.run = run
    this.facts = new RunFacts(run)
  }

  /** Sets up a callback's hook. It is told of what comes from now on. */
  join(hook: Hook): void {
    const unsubscribes: Unsubscribe[] = []
    const setup = Promise.resolve(hook.setup(this.seenBy(hook.name, unsubscribes)))
    // Its failure is met by `ready()`, or at the end of the run.
    setup.catch(() => {})
    this.members.set(hook.name, {
      unsubscribes,
      setup,
      cleanUp: async () => void (await (await setup)?.()),
    })
    this.follow()
  }

  /** Waits until all are set up, and declares the states of those that keep one. */
  async ready(): Promise<void> {
    for (const { setup } of this.members.values()) await setup
    this.states.persistWith(this.run)
  }

  /** It is told of nothing more; what it has been told of, it still gets. */
  leave(name: string): void {
    const member = this.members.get(name)
    if (member === undefined) return
    this.members.delete(name)
    this.states.forget(name)
    for (const unsubscribe of member.unsubscribes) unsubscribe()
    this.follow()
    const cleaned = member.cleanUp()
    // Its failure is met at the end of the run.
    cleaned.catch(() => {})
    this.removed.push(cleaned)
  }

  /** All at once: no callback waits for another's last calls. */
  async end(): Promise<void> {
    const members = [...this.members.values()]
    await Promise.all([...members.map((member) => member.cleanUp()), ...this.removed])
  }

  /** The run as one callback's hook sees it. */
  private seenBy(name: string, unsubscribes: Unsubscribe[]): Run {
    const { run, bus } = this
    const members: Pick<Run, 'subscribe' | 'persist' | 'report'> = {
      subscribe: (event, handler, options) => {
        const unsubscribe = isMoment(event)
          ? bus.subscribe(event, handler, { hook: `callbacks/${name}` })
          : run.subscribe(event, handler, options)
        unsubscribes.push(unsubscribe)
        return unsubscribe
      },
      persist: (state) => this.states.declare(name, state as unknown as PersistedState),
      report: (incident) => this.report(name, incident),
    }
    return Object.create(run, Object.getOwnPropertyDescriptors(members)) as Run
  }

  /** Listens to the events of the run that any callback is called at, and to no others. */
  private follow(): void {
    for (const method of callbackMethods) {
      const { event, follow } = moments[method]
      const isNeeded = this.bus.hasSubscribers(event)
      if (isNeeded === this.followed.has(method)) continue
      this.followed.get(method)?.()
      this.followed.delete(method)
      if (!isNeeded) continue
      const unfollow = follow(this.run, this.facts, (context) => this.bus.trigger(event, context))
      this.followed.set(method, unfollow)
    }
  }

  /** To the run, all callbacks are one hook: it is told which of them it was, and warned of each once. */
  private report(name: string, incident: Incident): void {
    const at = `${name}.${incident.at}`
    this.run.report({ ...incident, at })
    if (incident.kind !== 'failed' || this.failed.has(name)) return
    // The run itself warns of the first.
    if (this.failed.size > 0) this.run.warn(`${at} failed: ${messageOf(incident.error)}; the run goes on`)
    this.failed.add(name)
  }
}

function isMoment(event: { readonly id: string }): boolean {
  return callbackMethods.some((method) => method === event.id)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
