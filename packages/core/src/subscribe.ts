import type { EventBus, Unsubscribe } from './bus.ts'
import type { Event } from './event.ts'
import { disposable } from './platform.ts'

type Method<Context extends object> = (context: Context) => unknown

/** Marks a method; as a standard decorator and as a legacy TypeScript one. */
export interface SubscribeDecorator<Context extends object> {
  <This, Value extends Method<Context>>(
    method: Value,
    context: ClassMethodDecoratorContext<This, Value>,
  ): void
  (
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<(context: Context) => unknown>,
  ): void
}

/** Where a method keeps its events. A registered symbol, so that copies of this package meet. */
const eventsKey: unique symbol = Symbol.for('hookstep.subscribe') as never

/** An event of any context. */
type AnyEvent = Pick<Event<object>, 'id'>

type Marked = { [eventsKey]?: AnyEvent[] }

/**
 * Marks a method to handle an event. Decorators stack. {@link subscribeAnnotated} subscribes them.
 *
 * ```ts
 * class Greeter {
 *   @subscribe(paused)
 *   greet({ step }: { step: number }) {
 *     console.log(`hello from step ${step}`)
 *   }
 * }
 * subscribeAnnotated(bus, new Greeter())
 * ```
 */
export function subscribe<Context extends object>(event: Event<Context>): SubscribeDecorator<Context> {
  return (value: unknown, context: unknown, descriptor?: { value?: unknown }): void => {
    const method = descriptor === undefined ? value : descriptor.value
    if (typeof method !== 'function' || isPrivate(context)) {
      throw new TypeError(`@subscribe(${event.id}) marks public methods only`)
    }
    const marked = method as Marked
    // Decorators are applied from the lowest up; they are kept as written.
    marked[eventsKey] = [event, ...(marked[eventsKey] ?? [])]
  }
}

/**
 * Subscribes every marked method of an object, in the order of definition, base classes first.
 * A method that overrides a marked one handles its events, marked again or not, and handles each once.
 *
 * @returns removes them all.
 * @throws TypeError when the object has no marked method.
 */
export function subscribeAnnotated(bus: Pick<EventBus, 'subscribe'>, target: object): Unsubscribe {
  const removals: Unsubscribe[] = []
  for (const [key, events] of markedMethods(target)) {
    const handler = (context: object): unknown =>
      (target as Record<PropertyKey, Method<object>>)[key]?.(context)
    for (const event of events.values()) removals.push(bus.subscribe(event, handler))
  }
  if (removals.length === 0) {
    throw new TypeError(`${target.constructor?.name ?? 'the object'} has no method marked by @subscribe`)
  }
  return disposable(() => {
    for (const remove of removals) remove()
  })
}

/** Each marked method's events by id, base classes first. Getters are not evaluated. */
function markedMethods(target: object): Map<PropertyKey, Map<string, AnyEvent>> {
  const methods = new Map<PropertyKey, Map<string, AnyEvent>>()
  for (const owner of lineage(target)) {
    for (const key of Reflect.ownKeys(owner)) {
      const method: unknown = Reflect.getOwnPropertyDescriptor(owner, key)?.value
      const marked = typeof method === 'function' ? (method as Marked)[eventsKey] : undefined
      if (marked === undefined) continue
      const events = methods.get(key) ?? new Map<string, AnyEvent>()
      for (const event of marked) events.set(event.id, event)
      methods.set(key, events)
    }
  }
  return methods
}

/** The object and its prototypes, the oldest first. */
function lineage(target: object): object[] {
  const parent = Object.getPrototypeOf(target) as object | null
  return parent === null ? [target] : [...lineage(parent), target]
}

function isPrivate(context: unknown): boolean {
  return (context as { private?: boolean } | undefined)?.private === true
}
