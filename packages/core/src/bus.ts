import { type AnyHandler, type Deliverer, deliverer, type Subscription } from './deliverer.ts'
import { checkEvent, type Event, type Phase } from './event.ts'
import { type AbortSignalLike, disposable, isThenable } from './platform.ts'

/** Receives an event's context. A returned promise is awaited before the next handler runs. */
export type Handler<Context extends object> = (context: Context) => unknown

export interface SubscribeOptions<Context extends object> {
  /** The handler runs only where this returns true. */
  readonly when?: (context: Context) => boolean
  /** The handler runs once, then is gone. With `when`: once it has been true. */
  readonly once?: boolean
  /** Unsubscribes when it aborts. */
  readonly signal?: AbortSignalLike
  /** Who subscribes: named in errors. */
  readonly hook?: string
}

/** Removes its handler; calling it again does nothing. Also a `Disposable`. */
export interface Unsubscribe extends Disposable {
  (): void
}

export interface EventBusOptions {
  /** Milliseconds after which a handler's unsettled promise fails its delivery. Default: no limit. */
  readonly handlerTimeoutMs?: number
}

/**
 * Delivers events to their handlers.
 *
 * Handlers run one after another, in subscription order (closing events: in reverse). A handler that returns a promise is awaited
 * before the next; while none does, delivery is synchronous, allocates nothing and returns `undefined`.
 * The first handler that throws stops the delivery and the error reaches the caller of `trigger`.
 * Handlers added or removed during a delivery count from the next one.
 *
 * ```ts
 * import { defineEvent, EventBus } from '@hookstep/core'
 *
 * const paused = defineEvent<{ step: number }>('my-hook.paused')
 * const bus = new EventBus()
 * bus.subscribe(paused, ({ step }) => console.log(`paused at step ${step}`))
 * await bus.trigger(paused, { step: 3 })
 * ```
 */
export class EventBus {
  /** By event id. An empty prototype keeps inherited names out; that it is one more object keeps the lookup fast. */
  private readonly deliverers: Record<string, Deliverer | undefined> = Object.create(Object.create(null))
  /** Milliseconds after which a handler's unsettled promise fails its delivery. Undefined: no limit. */
  readonly handlerTimeoutMs: number | undefined

  constructor({ handlerTimeoutMs }: EventBusOptions = {}) {
    this.handlerTimeoutMs = handlerTimeoutMs
  }

  /**
   * Adds a handler behind those already there, or before them where the event is delivered last first.
   *
   * @throws TypeError when the event or the handler is not one.
   */
  subscribe<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
    options: SubscribeOptions<NoInfer<Context>> = {},
  ): Unsubscribe {
    checkEvent(event)
    if (typeof handler !== 'function') {
      throw new TypeError(`subscribe(${event.id}): ${handler} is no function`)
    }
    const { signal, hook } = options
    const unsubscribe = (): void => {
      signal?.removeEventListener('abort', unsubscribe)
      this.change(event.id, (all) => all.filter((other) => other !== subscription))
    }
    const subscription: Subscription = { handler: conditional(handler, options, unsubscribe), hook }
    if (!signal?.aborted) {
      signal?.addEventListener('abort', unsubscribe)
      this.change(event.id, (all) => (event.lastFirst ? [subscription, ...all] : [...all, subscription]))
    }
    return disposable(unsubscribe)
  }

  /**
   * Delivers `context` to the event's handlers. Returns a promise only if a handler did.
   *
   * @throws what the first failing handler throws; a {@link HookError} when it belongs to a hook.
   */
  trigger<Context extends object>(event: Event<Context>, context: NoInfer<Context>): void | Promise<void> {
    return this.deliverers[event.id]?.(context as never)
  }

  /**
   * Delivers `phase.pre`, runs the body, delivers `phase.post` and returns the body's result: at once
   * while nothing of it returns a promise. `post` is not delivered when the body throws.
   */
  bounded<Context extends object, Result>(
    phase: Phase<Context>,
    context: NoInfer<Context>,
    body: () => Result,
  ): Result | Promise<Awaited<Result>> {
    const close = (result: Awaited<Result>) => after(this.trigger(phase.post, context), () => result)
    return after(this.trigger(phase.pre, context), () => after(body(), close)) as Result
  }

  /** Whether anybody listens: build no context for nobody. */
  hasSubscribers(event: Event<object>): boolean {
    return this.deliverers[event.id] !== undefined
  }

  /** The hooks behind an event's handlers, in the order of delivery; `undefined` where none is named. */
  subscribers(event: Event<object>): readonly (string | undefined)[] {
    return this.deliverers[event.id]?.subscriptions.map(({ hook }) => hook) ?? []
  }

  private change(
    id: string,
    changed: (subscriptions: readonly Subscription[]) => readonly Subscription[],
  ): void {
    const subscriptions = changed(this.deliverers[id]?.subscriptions ?? [])
    this.deliverers[id] = subscriptions[0] && deliverer(id, subscriptions, this.handlerTimeoutMs)
  }
}

/** The handler as `when` and `once` let it run. */
function conditional<Context extends object>(
  handler: Handler<Context>,
  { when, once }: SubscribeOptions<Context>,
  unsubscribe: () => void,
): AnyHandler {
  if (!when && !once) return handler
  // A delivery keeps the handlers it began with, so that being unsubscribed is not enough.
  let over = false
  return (context: Context) => {
    if (over || (when && !when(context))) return
    if (once) {
      over = true
      unsubscribe()
    }
    return handler(context)
  }
}

/** What `next` makes of a value: at once, or of the value that is promised. */
function after(value: unknown, next: (value: never) => unknown): unknown {
  return isThenable(value)
    ? Promise.resolve(value).then(next as (value: unknown) => unknown)
    : next(value as never)
}
