/**
 * A named moment, and the type of the object that its handlers receive.
 *
 * An event is its id: two values with one id are one event, so that copies of a package meet.
 */
export interface Event<Context extends object> {
  readonly id: string
  /** Delivered to the last subscribed handler first: for what closes and releases. */
  readonly lastFirst?: boolean
  /** Carries the context's type; never there at run time. */
  readonly '~context'?: () => Context
}

/** Work with a moment before it and one after it. Not an event itself: subscribe to `pre` or to `post`. */
export interface Phase<Context extends object> {
  readonly pre: Event<Context>
  readonly post: Event<Context>
}

/**
 * Defines an event. Ids are dotted paths; begin your own with the name of your package.
 *
 * ```ts
 * import { defineEvent } from '@hookstep/core'
 *
 * const paused = defineEvent<{ step: number }>('my-hook.paused')
 * ```
 *
 * @param options `lastFirst`: delivered to the last subscribed handler first, for what closes and releases.
 * @throws TypeError when the id is empty.
 */
export function defineEvent<Context extends object>(
  id: string,
  options: { readonly lastFirst?: boolean } = {},
): Event<Context> {
  if (typeof id !== 'string' || id === '') {
    throw new TypeError(`defineEvent("${id}"): an id is a non-empty string`)
  }
  return Object.freeze({ id, ...options })
}

/**
 * Defines a pair of events: `<id>.pre` and `<id>.post`.
 *
 * @throws TypeError when the id is empty.
 */
export function definePhase<Context extends object>(id: string): Phase<Context> {
  const event = (suffix: string) => defineEvent<Context>(id && id + suffix)
  return Object.freeze({ pre: event('.pre'), post: event('.post') })
}

/** For those who do without types. */
export function checkEvent(value: unknown): void {
  if (typeof (value as { id?: unknown } | undefined)?.id === 'string') return
  throw new TypeError(`${value} is no event: defineEvent(id) makes one, a phase has two`)
}
