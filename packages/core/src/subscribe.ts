import type { EventBus, Unsubscribe } from './bus.ts'
import { checkEvent, type Event } from './event.ts'
import { disposable } from './platform.ts'

type Method<Context extends object> = (context: Context) => unknown

/** Marks a method; as a standard decorator and as a legacy TypeScript one. */
export interface SubscribeDecorator<Context extends object> {
  <This, Value extends Method<Context>>(
    method: Value,
    context: ClassMethodDecoratorContext<This, Value>,
  ): void
  <Value extends Method<Context>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Value>,
  ): void
}

/** Where a method keeps its mark. A registered symbol, so that copies of this package meet. */
const markKey: unique symbol = Symbol.for('hookstep.subscribe') as never

interface Mark {
  /** Counts up in the order in which methods are defined. */
  readonly order: number
  readonly events: Event<object>[]
}

type Marked = { [markKey]?: Mark }

type MarkedMethod = readonly [key: PropertyKey, event: Event<object>]

let marks = 0

/**
 * Marks a method to handle an event. Decorators stack; write this one above those that replace the method.
 * {@link subscribeAnnotated} subscribes what is marked.
 *
 * ```ts
 * import { defineEvent, EventBus, subscribe, subscribeAnnotated } from '@hookstep/core'
 *
 * const paused = defineEvent<{ step: number }>('my-hook.paused')
 *
 * class Greeter {
 *   @subscribe(paused)
 *   greet({ step }: { step: number }) {
 *     console.log(`hello from step ${step}`)
 *   }
 * }
 *
 * const bus = new EventBus()
 * subscribeAnnotated(bus, new Greeter())
 * bus.trigger(paused, { step: 3 })
 * ```
 *
 * @throws TypeError on anything but a public method.
 */
export function subscribe<Context extends object>(event: Event<Context>): SubscribeDecorator<Context> {
  checkEvent(event)
  return (value: unknown, context: unknown, descriptor?: { value?: unknown }): void => {
    const method = descriptor === undefined ? standardMethod(value, context) : descriptor.value
    if (typeof method !== 'function') {
      throw new TypeError(`@subscribe(${event.id}) belongs on a public method`)
    }
    const marked = method as Marked
    marked[markKey] ??= { order: ++marks, events: [] }
    marked[markKey].events.push(event)
  }
}

function standardMethod(value: unknown, context: unknown): unknown {
  const { kind, private: hidden } = Object(context) as ClassMethodDecoratorContext
  return kind === 'method' && !hidden && value
}

/**
 * Subscribes every marked method of an object, in the order of definition, base classes first.
 * A method that overrides a marked one handles its events, marked again or not, and handles each once.
 *
 * @param target an instance, or a class for its static methods.
 * @returns removes them all.
 * @throws TypeError when the object has no marked method.
 */
export function subscribeAnnotated(bus: Pick<EventBus, 'subscribe'>, target: object): Unsubscribe {
  const removals = markedMethods(target).map(([key, event]) =>
    bus.subscribe(event, (context) => (target as Record<PropertyKey, Method<object>>)[key]?.(context)),
  )
  if (removals.length === 0) {
    throw new TypeError(`${target.constructor?.name} has no method with @subscribe`)
  }
  return disposable(() => {
    for (const remove of removals) remove()
  })
}

/** The keys of the marked methods, each with every event that it handles, in the order of definition. */
function markedMethods(target: object): MarkedMethod[] {
  return marksOf(target)
    .sort(([, one], [, other]) => one.order - other.order)
    .flatMap(([key, { events }]) => events.map((event): MarkedMethod => [key, event]))
    .filter(isFirst)
}

/** The marks on an object's own methods, and on those of its prototypes. Getters are not evaluated. */
function marksOf(owner: object | null): [PropertyKey, Mark][] {
  if (owner === null) return []
  const own = Reflect.ownKeys(owner).flatMap((key): [PropertyKey, Mark][] => {
    const method: unknown = Reflect.getOwnPropertyDescriptor(owner, key)?.value
    const mark = typeof method === 'function' && (method as Marked)[markKey]
    return mark ? [[key, mark]] : []
  })
  return [...own, ...marksOf(Object.getPrototypeOf(owner))]
}

/** An override that is marked again for the same event is still one method. */
function isFirst([key, { id }]: MarkedMethod, position: number, all: readonly MarkedMethod[]): boolean {
  return position === all.findIndex(([otherKey, other]) => otherKey === key && other.id === id)
}
