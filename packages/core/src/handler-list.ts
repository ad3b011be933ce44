/**
 * The handlers of one event, and how a context is delivered to them.
 *
 * `deliver` is written out call by call where a loop would be shorter: a call that only ever sees one function is compiled
 * into its surroundings, while the one call of a loop sees all of them and takes several times as long (`bench/src/dispatch.ts`).
 */
// biome-ignore-all lint/suspicious/noAssignInExpressions: an expression for each handler
// biome-ignore-all lint/complexity/noCommaOperator: a handler is called without a `this`
import { nameHook } from './hook-error.ts'
import { isThenable, within } from './platform.ts'

/** A handler of whatever event: the bus has matched them. */
export type AnyHandler = (context: never) => unknown

/** A handler, and the hook it belongs to. */
export interface Subscription {
  readonly handler: AnyHandler
  readonly hook: string | undefined
}

/** Fills the places behind the last handler. What it returns no handler can. */
const end = (): unknown => end

/** Never changed, only replaced: a delivery goes on with the handlers it began with. */
export class HandlerList {
  declare readonly subscriptions: readonly Subscription[]
  declare private readonly id: string
  declare private readonly timeoutMs: number | undefined
  declare private readonly h0: AnyHandler
  declare private readonly h1: AnyHandler
  declare private readonly h2: AnyHandler
  declare private readonly h3: AnyHandler
  declare private readonly h4: AnyHandler
  declare private readonly h5: AnyHandler
  declare private readonly h6: AnyHandler
  declare private readonly h7: AnyHandler
  declare private readonly h8: AnyHandler
  declare private readonly h9: AnyHandler
  declare private readonly h10: AnyHandler
  declare private readonly h11: AnyHandler
  declare private readonly h12: AnyHandler
  declare private readonly h13: AnyHandler
  declare private readonly h14: AnyHandler
  declare private readonly h15: AnyHandler
  declare private readonly h16: AnyHandler

  constructor(id: string, subscriptions: readonly Subscription[], timeoutMs: number | undefined) {
    this.id = id
    this.subscriptions = subscriptions
    this.timeoutMs = timeoutMs
    const places = this as unknown as Record<string, AnyHandler>
    for (let place = 0; place <= 16; place++) places[`h${place}`] = subscriptions[place]?.handler ?? end
  }

  /** Calls the handlers in order, without a `this`. Goes on elsewhere when one returns something. */
  deliver(context: never): void | Promise<void> {
    let position = 0
    let result: unknown
    try {
      // biome-ignore format: a line for each handler
      void (
        (result = (0, this.h0)(context)) === undefined &&
        (++position, result = (0, this.h1)(context)) === undefined &&
        (++position, result = (0, this.h2)(context)) === undefined &&
        (++position, result = (0, this.h3)(context)) === undefined &&
        (++position, result = (0, this.h4)(context)) === undefined &&
        (++position, result = (0, this.h5)(context)) === undefined &&
        (++position, result = (0, this.h6)(context)) === undefined &&
        (++position, result = (0, this.h7)(context)) === undefined
      )
    } catch (error) {
      throw this.named(error, position)
    }
    if (result === end) return
    return result === undefined ? this.deliverMore(context) : this.goOn(context, position, result)
  }

  /** The next ones: in two halves, `deliver` is small enough to be compiled into its caller. */
  private deliverMore(context: never): void | Promise<void> {
    let position = 8
    let result: unknown
    try {
      // biome-ignore format: a line for each handler
      void (
        (result = (0, this.h8)(context)) === undefined &&
        (++position, result = (0, this.h9)(context)) === undefined &&
        (++position, result = (0, this.h10)(context)) === undefined &&
        (++position, result = (0, this.h11)(context)) === undefined &&
        (++position, result = (0, this.h12)(context)) === undefined &&
        (++position, result = (0, this.h13)(context)) === undefined &&
        (++position, result = (0, this.h14)(context)) === undefined &&
        (++position, result = (0, this.h15)(context)) === undefined &&
        (++position, result = (0, this.h16)(context)) === undefined
      )
    } catch (error) {
      throw this.named(error, position)
    }
    if (result !== end) return this.goOn(context, position, result)
  }

  /** The rest of a delivery, after the handler at `position` has returned `result`. */
  private goOn(context: never, position: number, result?: unknown): void | Promise<void> {
    try {
      while (!isThenable(result)) {
        const next = this.subscriptions[++position]
        if (next === undefined) return
        result = (0, next.handler)(context)
      }
    } catch (error) {
      throw this.named(error, position)
    }
    const settled = this.timeoutMs === undefined ? Promise.resolve(result) : within(this.timeoutMs, result)
    return settled.then(
      () => this.goOn(context, position),
      (error) => {
        throw this.named(error, position)
      },
    )
  }

  private named(error: unknown, position: number): unknown {
    return nameHook(error, this.subscriptions[position]?.hook, this.id)
  }
}
