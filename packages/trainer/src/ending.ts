import type { Distributed, Request } from '@hookstep/catalogue'
import type { Event, InstalledHooks } from '@hookstep/core'
import { Failure, withWaitedFor } from './failure.ts'
import type { HookTimings } from './handler-times.ts'
import type { HookIncidents } from './incidents.ts'
import type { Ledger } from './ledger.ts'
import type { ProcessGroup } from './process-group.ts'
import type { RunClock } from './run-clock.ts'
import type { Telling } from './telling.ts'

/** What the end of a run has to do with. */
export interface EndingParts {
  readonly ledger: Ledger
  readonly clock: RunClock
  readonly telling: Telling
  readonly group: ProcessGroup
}

/** Who ended a run early, and why. */
export type Stopped = Pick<Request, 'reason' | 'requestedBy'>

/** The events that end a run, all of which tell how far it has come; `Failing` is what the failed one tells besides. */
export interface EndEvents<Reached extends object, Failing extends object> {
  readonly finished: Event<Reached>
  readonly stopped: Event<Reached & Stopped & { readonly aborted: boolean }>
  readonly failed: Event<Reached & Failing & { readonly error: unknown; readonly at: string }>
  readonly closed: Event<Reached & { readonly outcome: Outcome }>
}

type Outcome = 'finished' | 'stopped' | 'failed'

/** What every summary tells. */
export interface EndSummary extends Partial<Stopped> {
  readonly outcome: 'finished' | 'stopped'
  readonly seconds: number
  readonly timings: Readonly<Record<string, HookTimings>>
  readonly requests: readonly Request[]
  readonly warnings: readonly string[]
  readonly incidents: Readonly<Record<string, HookIncidents>>
}

/** How a run ends: tells of it, once, and keeps what made it end. */
export class Ending<
  Reached extends { readonly distributed: Distributed },
  Failing extends object = Record<never, never>,
> {
  /** Whether the run has failed: what else goes wrong is a warning. */
  hasFailed = false
  private outcome: Outcome = 'failed'
  private stopped: Stopped | undefined
  private readonly failure: Failure
  private readonly parts: EndingParts
  private readonly events: EndEvents<Reached, Failing>
  private readonly reached: () => Reached

  /** @param reached tells how far the run has come by now. */
  constructor(parts: EndingParts, events: EndEvents<Reached, Failing>, reached: () => Reached) {
    this.parts = parts
    this.events = events
    this.reached = reached
    this.failure = new Failure((message) => parts.ledger.warn(message))
  }

  async finish(): Promise<void> {
    this.outcome = 'finished'
    await this.parts.telling.tell(this.events.finished, this.reached)
  }

  async stop({ reason, requestedBy }: Stopped, aborted: boolean): Promise<void> {
    const stopped = { reason, requestedBy }
    this.outcome = 'stopped'
    this.stopped = stopped
    await this.parts.telling.tell(this.events.stopped, () => ({ ...this.reached(), ...stopped, aborted }))
  }

  /** Lets no other rank wait, does what is due even so, and tells. */
  async fail(cause: unknown, at: string, failing: Failing, due: () => unknown = () => {}): Promise<void> {
    const { ledger, group, telling } = this.parts
    const error = withWaitedFor(cause, ledger)
    const context = { ...this.reached(), ...failing, error, at }
    this.outcome = 'failed'
    this.hasFailed = true
    this.failure.keep(error)
    group.abort(error instanceof Error ? error : new Error(String(error)))
    await this.failure.attempt(due)
    await this.failure.attempt(() => telling.tell(this.events.failed, () => context))
  }

  /** Tells that the run is over, cleans up its hooks, and releases what is left of it, whether or not each works. */
  async close(hooks: InstalledHooks, release: () => unknown): Promise<void> {
    const { ledger, telling } = this.parts
    const context = { ...this.reached(), outcome: this.outcome }
    await this.failure.attempt(() => telling.tell(this.events.closed, () => context))
    // No hook is cleaned up while its handlers are under way.
    await ledger.incidents.settle()
    await this.failure.attempt(() => hooks.cleanUp())
    await ledger.incidents.settle()
    ledger.unsubscribeAll()
    await this.failure.attempt(release)
    for (const error of ledger.closingErrors) this.failure.keep(error)
  }

  /** @throws what made the run fail. */
  summary(): EndSummary {
    const { ledger, clock } = this.parts
    this.failure.rethrow()
    return {
      outcome: this.outcome as 'finished' | 'stopped',
      ...this.stopped,
      seconds: clock.seconds,
      timings: ledger.timings.summary,
      requests: ledger.requests.made,
      warnings: ledger.warnings,
      incidents: ledger.incidents.summary,
    }
  }
}
