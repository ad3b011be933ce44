import type { Handler } from '../bus.ts'
import type { Event } from '../event.ts'
import type { Cleanup, Hook } from '../hook.ts'
import type { Incident } from '../incident.ts'
import { Dropped } from './dropped.ts'
import { isThenable, later, unsettled, within } from './platform.ts'
import {
  checkHandler,
  checkMilliseconds,
  checkNames,
  checkNumber,
  overriding,
  type PolicyRun,
  wrapping,
} from './policy-run.ts'

export interface IsolatedOptions {
  /** After so many failures the hook's handlers are passed over. Default: never. */
  readonly disableAfter?: number
  /**
   * Milliseconds after which a handler's unsettled promise is a failure, and the run goes on. To be less than the run's own
   * limit, which ends the run. Default 240,000.
   */
  readonly handlerTimeoutMs?: number
}

/**
 * The same hook, whose handlers cannot end the run: what they throw, what their promises reject with, and what their conditions
 * throw is reported to the run (counted in its summary, told once, and an event), and the run goes on. The run still waits
 * for them, in order. A cleanup that fails is reported as well.
 *
 * A `setup` that fails still ends the run: nothing is lost by then. So does state that cannot be saved or loaded: a run could not
 * be resumed exactly.
 *
 * ```ts
 * const hooks = [isolated(progressBar(), { disableAfter: 3 })]
 * ```
 *
 * @throws TypeError | RangeError on what is no hook, and on an option that cannot be.
 */
export function isolated<Run extends PolicyRun>(hook: Hook<Run>, options: IsolatedOptions = {}): Hook<Run> {
  checkNames('isolated', options, { disableAfter: true, handlerTimeoutMs: true })
  const { disableAfter = Number.POSITIVE_INFINITY, handlerTimeoutMs = 240_000 } = options
  checkNumber(
    'isolated: disableAfter',
    disableAfter,
    'a number of failures, at least 1',
    (count) => count >= 1,
  )
  checkMilliseconds('isolated: handlerTimeoutMs', handlerTimeoutMs)
  return wrapping('isolated', hook, async (run) => {
    const isolation = new Isolation((incident) => run.report(incident), { disableAfter, handlerTimeoutMs })
    const cleanup = await hook.setup(isolatedRun(run, isolation))
    return () => isolation.end(() => cleanup?.())
  })
}

function isolatedRun<Run extends PolicyRun>(run: Run, isolation: Isolation): Run {
  const members: Partial<PolicyRun> = {
    subscribe(event, handler, options = {}) {
      checkHandler(event, handler)
      const { when } = options as { readonly when?: unknown }
      return run.subscribe(event, isolation.handler(event, handler), {
        ...options,
        ...(typeof when === 'function' && { when: isolation.condition(event, when as Condition) }),
      })
    },
    report: (incident) => isolation.report(incident),
    onQueue: (event, handler) => isolation.queued(event, run.onQueue?.(event, handler) ?? handler),
  }
  return overriding<Run>(run, members as Partial<Run>)
}

type Condition = (context: object) => boolean

/** What stands between a hook and the run, and counts how often the hook has failed. */
class Isolation {
  private failures = 0
  private readonly limits: Required<IsolatedOptions>
  private readonly dropped: Dropped
  private readonly tell: (incident: Incident) => void
  /** End the waiting for handlers whose promises have not settled. */
  private readonly waits = new Set<() => void>()

  constructor(tell: (incident: Incident) => void, limits: Required<IsolatedOptions>) {
    this.tell = tell
    this.limits = limits
    this.dropped = new Dropped(tell, `its handlers have failed ${limits.disableAfter} times (disableAfter)`)
  }

  handler<Context extends object>({ id }: Event<Context>, handler: Handler<Context>): Handler<Context> {
    return (context) => {
      if (this.isDisabled) return this.dropped.add(id)
      try {
        const result = handler(context)
        if (isThenable(result)) return this.settled(id, result)
      } catch (error) {
        this.failed(id, error)
      }
    }
  }

  /** What waits for a handler when the hook is disabled is passed over as well; the queue reports what it throws. */
  queued<Context extends object>({ id }: Event<Context>, handler: Handler<Context>): Handler<Context> {
    return (context) => (this.isDisabled ? this.dropped.add(id) : handler(context))
  }

  condition({ id }: Event<object>, condition: Condition): Condition {
    return (context) => {
      try {
        return condition(context)
      } catch (error) {
        // Of a hook that is disabled the handler counts what it is passed over for.
        if (this.isDisabled) return true
        this.failed(id, error)
        return false
      }
    }
  }

  /** Passes on what others tell of the hook: a failure counts, wherever it was met. */
  report(incident: Incident): void {
    if (incident.kind === 'failed') this.failures++
    this.tell(incident)
  }

  async end(cleanup: Cleanup): Promise<void> {
    // From a queue a handler may still be waited for, which has told of it. A timer would keep the process alive.
    for (const letGo of this.waits) letGo()
    try {
      const result = cleanup()
      if (isThenable(result)) await within(this.limits.handlerTimeoutMs, result)
    } catch (error) {
      this.failed('cleanup', error)
    }
    this.dropped.tellRest()
  }

  private get isDisabled(): boolean {
    return this.failures >= this.limits.disableAfter
  }

  private settled(at: string, result: PromiseLike<unknown>): Promise<void> {
    const { handlerTimeoutMs } = this.limits
    return new Promise((resolve) => {
      const letGo = (): void => {
        this.waits.delete(letGo)
        stopWaiting()
        resolve()
      }
      const fail = (error: unknown): void => {
        if (!this.waits.has(letGo)) return
        this.failed(at, error)
        letGo()
      }
      const stopWaiting = later(handlerTimeoutMs, () => fail(unsettled(handlerTimeoutMs)))
      this.waits.add(letGo)
      Promise.resolve(result).then(letGo, fail)
    })
  }

  private failed(at: string, error: unknown): void {
    this.report({ kind: 'failed', at, error })
  }
}
