import { type FailedContext, type Progress, type Request, type RunContext, train } from '@hookstep/catalogue'
import type { InstalledHooks } from '@hookstep/core'
import { Failure } from './failure.ts'
import type { Ledger } from './ledger.ts'
import type { RunSummary } from './options.ts'
import type { ProcessGroup } from './process-group.ts'
import type { RunClock } from './run-clock.ts'
import type { Telling } from './telling.ts'
import { WhileDelivered } from './while-delivered.ts'

/** What the end of a run has to do with. */
export interface EndingParts {
  readonly ledger: Ledger
  readonly clock: RunClock
  readonly telling: Telling
  readonly group: ProcessGroup
}

/** How a run ends: tells of it, once, and keeps what made it end. */
export class Ending {
  /** Whether the run has failed: what else goes wrong is a warning. */
  hasFailed = false
  private outcome: 'finished' | 'stopped' | 'failed' = 'failed'
  private stopped: Pick<Request, 'reason' | 'requestedBy'> | undefined
  private readonly failure: Failure
  private readonly parts: EndingParts
  private readonly base: RunContext

  constructor(parts: EndingParts) {
    this.parts = parts
    this.base = { distributed: parts.ledger.distributed }
    this.failure = new Failure((message) => parts.ledger.warn(message))
  }

  async finish(reached: Progress): Promise<void> {
    this.outcome = 'finished'
    await this.parts.telling.tell(train.finished, () => this.contextAt(reached))
  }

  async stop(
    { reason, requestedBy }: Pick<Request, 'reason' | 'requestedBy'>,
    aborted: boolean,
    reached: Progress,
  ): Promise<void> {
    this.outcome = 'stopped'
    this.stopped = { reason, requestedBy }
    await this.parts.telling.tell(train.stopped, () => ({
      ...this.contextAt(reached),
      reason,
      requestedBy,
      aborted,
    }))
  }

  /** Lets no other rank wait, does what is due even so, and tells. */
  async fail(
    error: unknown,
    reached: Progress,
    due: () => unknown,
    capture: FailedContext['capture'],
  ): Promise<void> {
    const { group, telling } = this.parts
    const named = (error as { at?: unknown } | undefined)?.at
    const at = typeof named === 'string' ? named : telling.at
    const context = this.contextAt(reached)
    this.outcome = 'failed'
    this.hasFailed = true
    this.failure.keep(error)
    group.abort(error instanceof Error ? error : new Error(String(error)))
    await this.failure.attempt(due)
    const capturing = new WhileDelivered('capture()', train.failed)
    await this.failure.attempt(() =>
      telling.tell(train.failed, () => ({
        ...context,
        error,
        at,
        capture: () => capturing.run(capture),
      })),
    )
    await capturing.end()
  }

  /** Tells that the run is over, cleans up its hooks, and releases what is left of it, whether or not each works. */
  async close(hooks: InstalledHooks, reached: Progress, release: () => unknown): Promise<void> {
    const { ledger, telling } = this.parts
    const context = { ...this.contextAt(reached), outcome: this.outcome }
    await this.failure.attempt(() => telling.tell(train.closed, () => context))
    await this.failure.attempt(() => hooks.cleanUp())
    ledger.unsubscribeAll()
    await this.failure.attempt(release)
    for (const error of ledger.closingErrors) this.failure.keep(error)
  }

  /** @throws what made the run fail. */
  summary(
    reached: Progress,
    results: Pick<RunSummary, 'skippedSteps' | 'lastLog' | 'lastEvaluation'>,
  ): RunSummary {
    const { ledger, clock } = this.parts
    this.failure.rethrow()
    return Object.freeze({
      outcome: this.outcome as 'finished' | 'stopped',
      ...this.stopped,
      steps: reached.step,
      epochs: reached.epochs,
      samples: reached.samples,
      seconds: clock.seconds,
      ...results,
      hostSyncs: ledger.timings.hostSyncs,
      hostSyncsPerStep: ledger.timings.hostSyncsPerStep,
      timings: ledger.timings.summary,
      requests: ledger.requests.made,
      warnings: ledger.warnings,
      incidents: ledger.incidents.summary,
    })
  }

  /** With the time that has passed by now: what was due went by the time of the step. */
  private contextAt(reached: Progress): RunContext & { readonly progress: Progress } {
    return { ...this.base, progress: Object.freeze({ ...reached, seconds: this.parts.clock.seconds }) }
  }
}
