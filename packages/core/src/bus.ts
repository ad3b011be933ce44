import type { Event, Phase } from './event.ts'
import { nameHook } from './hook-error.ts'
import { type AbortSignalLike, disposable, isThenable, within } from './platform.ts'

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

type AnyHandler = Handler<never>

/** One call of `subscribe`. */
interface Subscription {
  readonly hook: string | undefined
}

/** The handlers of one event, and the subscription behind each. Never changed, only replaced. */
interface Slot {
  readonly handlers: readonly AnyHandler[]
  readonly subscriptions: readonly Subscription[]
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
 * const bus = new EventBus()
 * bus.subscribe(paused, ({ step }) => console.log(`paused at step ${step}`))
 * await bus.trigger(paused, { step: 3 })
 * ```
 */
export class EventBus {
  /** By event id. Its empty prototype keeps inherited names out and the object fast. */
  private readonly slots: Record<string, Slot | undefined> = Object.create(Object.create(null))
  private readonly handlerTimeoutMs: number | undefined

  constructor(options: EventBusOptions = {}) {
    this.handlerTimeoutMs = options.handlerTimeoutMs
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
    checkSubscription(event, handler)
    const { when, once, signal, hook } = options
    const subscription: Subscription = { hook }
    let subscribed = signal?.aborted !== true
    const unsubscribe = (): void => {
      if (!subscribed) return
      subscribed = false
      signal?.removeEventListener('abort', unsubscribe)
      this.remove(event.id, subscription)
    }
    const conditional: Handler<Context> = (context) => {
      if (when !== undefined && !when(context)) return
      if (once === true) {
        if (!subscribed) return
        unsubscribe()
      }
      return handler(context)
    }
    if (subscribed) {
      signal?.addEventListener('abort', unsubscribe)
      const plain = when === undefined && once !== true
      this.add(event, plain ? handler : conditional, subscription)
    }
    return disposable(unsubscribe)
  }

  /**
   * Delivers `context` to the event's handlers. Returns a promise only if a handler did.
   *
   * @throws what the first failing handler throws; a {@link HookError} when it belongs to a hook.
   */
  trigger<Context extends object>(event: Event<Context>, context: NoInfer<Context>): void | Promise<void> {
    const slot = this.slots[event.id]
    if (slot === undefined) return
    const handlers = slot.handlers as readonly Handler<Context>[]
    let position = 0
    try {
      for (; position < handlers.length; position++) {
        const result = (handlers[position] as Handler<Context>)(context)
        if (isThenable(result)) return this.finish(event, context, slot, position, result)
      }
    } catch (error) {
      throw nameHook(error, slot.subscriptions[position]?.hook, event.id)
    }
  }

  /** The rest of a delivery, from the first handler on that returned a promise. */
  private async finish<Context extends object>(
    event: Event<Context>,
    context: Context,
    slot: Slot,
    first: number,
    pending: PromiseLike<unknown>,
  ): Promise<void> {
    let position = first
    let result: unknown = pending
    try {
      for (;;) {
        if (isThenable(result)) await this.settled(result)
        if (++position === slot.handlers.length) return
        result = (slot.handlers[position] as Handler<Context>)(context)
      }
    } catch (error) {
      throw nameHook(error, slot.subscriptions[position]?.hook, event.id)
    }
  }

  private settled(result: PromiseLike<unknown>): PromiseLike<unknown> {
    return this.handlerTimeoutMs === undefined ? result : within(this.handlerTimeoutMs, result)
  }

  /**
   * Delivers `phase.pre`, runs the body, delivers `phase.post` and returns the body's result.
   * `post` is not delivered when the body throws.
   */
  bounded<Context extends object, Result>(
    phase: Phase<Context>,
    context: NoInfer<Context>,
    body: () => Result,
  ): Result | Promise<Awaited<Result>> {
    const opened = this.trigger(phase.pre, context)
    if (opened !== undefined) return this.closeBounded(phase, context, opened.then(body))
    const result = body()
    if (isThenable(result)) return this.closeBounded(phase, context, result as PromiseLike<Result>)
    const closed = this.trigger(phase.post, context)
    return closed === undefined ? result : closed.then(() => result as Awaited<Result>)
  }

  private async closeBounded<Context extends object, Result>(
    phase: Phase<Context>,
    context: Context,
    body: PromiseLike<Result>,
  ): Promise<Awaited<Result>> {
    const result = await body
    await this.trigger(phase.post, context)
    return result
  }

  /** Whether anybody listens: build no context for nobody. */
  hasSubscribers(event: Event<object>): boolean {
    return this.slots[event.id] !== undefined
  }

  /** The hooks behind an event's handlers, in the order of delivery; `undefined` where none is named. */
  subscribers(event: Event<object>): readonly (string | undefined)[] {
    return this.slots[event.id]?.subscriptions.map(({ hook }) => hook) ?? []
  }

  private add(
    event: Pick<Event<never>, 'id' | 'lastFirst'>,
    handler: AnyHandler,
    subscription: Subscription,
  ): void {
    const { handlers, subscriptions } = this.slots[event.id] ?? { handlers: [], subscriptions: [] }
    this.slots[event.id] = event.lastFirst
      ? { handlers: [handler, ...handlers], subscriptions: [subscription, ...subscriptions] }
      : { handlers: [...handlers, handler], subscriptions: [...subscriptions, subscription] }
  }

  private remove(id: string, subscription: Subscription): void {
    const { handlers, subscriptions } = this.slots[id] as Slot
    const removed = subscriptions.indexOf(subscription)
    this.slots[id] =
      handlers.length === 1
        ? undefined
        : { handlers: without(handlers, removed), subscriptions: without(subscriptions, removed) }
  }
}

function without<Item>(items: readonly Item[], position: number): Item[] {
  return items.filter((_, at) => at !== position)
}

function checkSubscription(event: unknown, handler: unknown): void {
  const id = (event as { id?: unknown } | undefined)?.id
  if (typeof id !== 'string') {
    throw new TypeError('subscribe: the first argument is not an event; make one with defineEvent(id)')
  }
  if (typeof handler !== 'function') {
    throw new TypeError(`subscribe(${id}): the handler is not a function`)
  }
}
