/**
 * Delivers a context to the handlers of one event.
 *
 * The calls are written out where a loop would be shorter: a call that only ever sees one function is compiled into its
 * surroundings, while the one call of a loop sees them all and takes several times as long (`npm run bench -- dispatch`).
 */
// biome-ignore-all lint/suspicious/noAssignInExpressions: an expression for each handler
// biome-ignore-all lint/complexity/noCommaOperator: an expression for each handler
import { nameHook } from './hook-error.ts'
import { isThenable, within } from './platform.ts'

/** A handler of whatever event: the bus has matched them. */
export type AnyHandler = (context: never) => unknown

/** A handler, and the hook it belongs to. */
export interface Subscription {
  readonly handler: AnyHandler
  readonly hook: string | undefined
}

/** Calls the handlers in order. Returns a promise if one of them does. */
export interface Deliverer {
  (context: never): void | Promise<void>
  readonly subscriptions: readonly Subscription[]
}

/** Names the hook that the handler at a position belongs to. */
type Named = (error: unknown, position: number) => unknown

/** The rest of a delivery, after the handler at a position has returned a result. */
type GoOn = (context: never, position: number, result?: unknown) => void | Promise<void>

/** Fills the places behind the last handler. What it returns no handler can. */
const end = (): unknown => end

/** Subscriptions are never changed, only replaced: a delivery goes on with the handlers it began with. */
export function deliverer(
  id: string,
  subscriptions: readonly Subscription[],
  timeoutMs: number | undefined,
): Deliverer {
  const named: Named = (error, position) => nameHook(error, subscriptions[position]?.hook, id)

  const goOn: GoOn = (context, position, result) => {
    try {
      while (!isThenable(result)) {
        const next = subscriptions[++position]
        if (next === undefined) return
        const { handler } = next
        result = handler(context)
      }
    } catch (error) {
      throw named(error, position)
    }
    const settled = timeoutMs === undefined ? Promise.resolve(result) : within(timeoutMs, result)
    return settled.then(
      () => goOn(context, position),
      (error) => {
        throw named(error, position)
      },
    )
  }

  const handlers = subscriptions.map(({ handler }) => handler)
  const places = [...handlers, ...Array(17).fill(end)] as unknown as Places
  return Object.assign(writtenOut(named, goOn, ...places), { subscriptions })
}

type Places = Parameters<typeof writtenOut> extends [unknown, unknown, ...infer Handlers] ? Handlers : never

/** In two halves: the first is small enough to be compiled into who triggers the event. */
// biome-ignore format: a line for each handler
function writtenOut(
  named: Named,
  goOn: GoOn,
  h0: AnyHandler, h1: AnyHandler, h2: AnyHandler, h3: AnyHandler, h4: AnyHandler, h5: AnyHandler,
  h6: AnyHandler, h7: AnyHandler, h8: AnyHandler, h9: AnyHandler, h10: AnyHandler, h11: AnyHandler,
  h12: AnyHandler, h13: AnyHandler, h14: AnyHandler, h15: AnyHandler, h16: AnyHandler,
): (context: never) => void | Promise<void> {
  const others = (context: never): void | Promise<void> => {
    let position = 8
    let result: unknown
    try {
      void (
        (result = h8(context)) === undefined &&
        (++position, result = h9(context)) === undefined &&
        (++position, result = h10(context)) === undefined &&
        (++position, result = h11(context)) === undefined &&
        (++position, result = h12(context)) === undefined &&
        (++position, result = h13(context)) === undefined &&
        (++position, result = h14(context)) === undefined &&
        (++position, result = h15(context)) === undefined &&
        (++position, result = h16(context)) === undefined
      )
    } catch (error) {
      throw named(error, position)
    }
    if (result !== end) return goOn(context, position, result)
  }
  return (context) => {
    let position = 0
    let result: unknown
    try {
      void (
        (result = h0(context)) === undefined &&
        (++position, result = h1(context)) === undefined &&
        (++position, result = h2(context)) === undefined &&
        (++position, result = h3(context)) === undefined &&
        (++position, result = h4(context)) === undefined &&
        (++position, result = h5(context)) === undefined &&
        (++position, result = h6(context)) === undefined &&
        (++position, result = h7(context)) === undefined
      )
    } catch (error) {
      throw named(error, position)
    }
    if (result === end) return
    return result === undefined ? others(context) : goOn(context, position, result)
  }
}
