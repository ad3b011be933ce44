import {
  checkTrigger,
  type Distributed,
  inference,
  type Json,
  type PersistedState,
  type Progress,
  type RequestKind,
  type RequestOptions,
  type Run,
  type RunSubscribeOptions,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import {
  type AbortSignalLike,
  type Event,
  type EventBus,
  type Handler,
  HookError,
  type Unsubscribe,
} from '@hookstep/core'
import type { Incident } from '@hookstep/core/policies'
import type { Lane } from './handler-times.ts'
import { isThenable, settledInTime } from './platform.ts'
import { either } from './run-end.ts'
import type { SpanListener, Timings } from './timings.ts'

/** What a run offers to its hooks. */
export interface RunServices {
  readonly bus: EventBus
  readonly distributed: Distributed
  readonly configuration: Json
  readonly progress: Progress
  readonly signal: AbortSignalLike
  isDue(trigger: Trigger): boolean
  request(kind: RequestKind, reason: string, requestedBy: string, options?: RequestOptions): void
  persist(hook: string, state: PersistedState): void
  warn(message: string): void
  report(hook: string, incident: Incident): void
  readonly timings: Timings
  /** Events that hooks tell and wait for, by the names of those hooks. */
  readonly tellings: Map<string, Event<object>>
  /** Errors of handlers of closing events. */
  readonly closingErrors: unknown[]
  /** Ends the subscriptions that are left when the run closes. */
  readonly runEnd: AbortSignalLike
}

/** Events that every handler must hear. */
const closing: ReadonlySet<string> = new Set([
  train.failed.id,
  train.closed.id,
  inference.failed.id,
  inference.closed.id,
])

/** The run as one hook sees it: whatever it does carries its name. */
export class HookRun implements Run {
  private readonly name: string
  private readonly services: RunServices

  constructor(name: string, services: RunServices) {
    this.name = name
    this.services = services
  }

  get distributed(): Distributed {
    return this.services.distributed
  }

  get configuration(): Json {
    return this.services.configuration
  }

  get progress(): Progress {
    return this.services.progress
  }

  get signal(): AbortSignalLike {
    return this.services.signal
  }

  subscribe<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
    options: RunSubscribeOptions<NoInfer<Context>> = {},
  ): Unsubscribe {
    const { when, once, signal } = options
    const { bus, runEnd } = this.services
    const predicate = when === undefined ? undefined : this.toPredicate<Context>(when)
    const timed = this.timed(event, handler, 'run')
    const delivered = closing.has(event.id)
      ? { handler: this.guarded(event, timed, predicate) }
      : { handler: timed, ...(predicate && { when: predicate }) }
    return bus.subscribe(event, delivered.handler, {
      ...(once && { once }),
      ...('when' in delivered && { when: delivered.when }),
      signal: signal === undefined ? runEnd : either(runEnd, signal),
      hook: this.name,
    })
  }

  trigger<Context extends object>(event: Event<Context>, context: NoInfer<Context>): void | Promise<void> {
    const { bus, tellings } = this.services
    const told = bus.trigger(event, context)
    if (told === undefined) return
    tellings.set(this.name, event)
    // Where it fails, that may be because its time was over as well.
    return told.then(() => void tellings.delete(this.name))
  }

  hasSubscribers(event: Event<object>): boolean {
    return this.services.bus.hasSubscribers(event)
  }

  isDue(trigger: Trigger): boolean {
    return this.services.isDue(trigger)
  }

  stop(reason: string, options?: RequestOptions): void {
    this.services.request('stop', reason, this.name, options)
  }

  save(reason: string, options?: RequestOptions): void {
    this.services.request('save', reason, this.name, options)
  }

  evaluate(reason: string): void {
    this.services.request('evaluate', reason, this.name)
  }

  log(): void {
    this.services.request('log', '', this.name)
  }

  skipStep(reason: string): void {
    this.services.request('skipStep', reason, this.name)
  }

  persist<State extends Json>(state: PersistedState<State>): void {
    this.services.persist(this.name, state as unknown as PersistedState)
  }

  warn(message: string): void {
    this.services.warn(`${this.name}: ${message}`)
  }

  report(incident: Incident): void {
    this.services.report(this.name, incident)
  }

  /** The handler, told apart from those that the run waits for: it is called from a queue. */
  onQueue<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
  ): Handler<NoInfer<Context>> {
    return this.timed(event, handler, 'queue')
  }

  /** Tells of the time that handlers take, each time. */
  onSpan(listener: SpanListener): () => void {
    return this.services.timings.onSpan(listener)
  }

  private timed<Context extends object>(
    event: Event<Context>,
    handler: Handler<Context>,
    lane: Lane,
  ): Handler<Context> {
    // What is no handler is for the bus to refuse.
    if (typeof handler !== 'function') return handler
    return this.services.timings.watch(this.name, event.id, lane, handler)
  }

  /** A handler whose failure does not keep the others from hearing that the run is over. */
  private guarded<Context extends object>(
    event: Event<Context>,
    handler: Handler<Context>,
    when: (context: Context) => boolean = () => true,
  ): Handler<Context> {
    const { bus, closingErrors } = this.services
    const failed = (error: unknown): void => void closingErrors.push(this.named(error, event.id))
    return (context) => {
      try {
        const result = when(context) ? handler(context) : undefined
        // The bus has the same limit, and would end the delivery. Its timer is started after this one, and ends after it.
        return isThenable(result) ? settledInTime(result, bus.handlerTimeoutMs, failed) : undefined
      } catch (error) {
        return failed(error)
      }
    }
  }

  /** Of callbacks within the run, the error names one already. */
  private named(error: unknown, at: string): unknown {
    return (error as Error | undefined)?.name === 'HookError' ? error : new HookError(this.name, at, error)
  }

  private toPredicate<Context>(
    when: Trigger | ((context: Context) => boolean),
  ): (context: Context) => boolean {
    if (typeof when === 'function') return when
    checkTrigger(when)
    // Asked once beforehand, so that a trigger that cannot be is refused when it is made known.
    this.services.isDue(when)
    return () => this.services.isDue(when)
  }
}
