import type { Handler, Unsubscribe } from '../bus.ts'
import type { Event } from '../event.ts'
import type { Hook } from '../hook.ts'
import type { Incident } from '../incident.ts'

/** What policies need of the run that a hook is given. */
export interface PolicyRun {
  subscribe<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
    options?: object,
  ): Unsubscribe
  /** Tells of what befell the hook without ending the run. */
  report(incident: Incident): void
  /** Declares state of the hook's that is kept across a stop and a resume. */
  persist?(state: never): void
  /** The handler, told apart from those that the run waits for: it is called from a queue. */
  onQueue?<Context extends object>(
    event: Event<Context>,
    handler: Handler<NoInfer<Context>>,
  ): Handler<NoInfer<Context>>
}

/** `target` with some members replaced. The others are its own, and called on it: it may keep private state. */
export function overriding<Target extends object>(target: Target, members: Partial<Target>): Target {
  return new Proxy(members, {
    has: (_, key) => key in members || key in target,
    get(_, key) {
      if (key in members) return Reflect.get(members, key)
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as Target
}

/** A hook of the same name, set up by `setup`. @throws TypeError where `hook` is none. */
export function wrapping<Run>(
  policy: string,
  hook: Hook<Run>,
  setup: (run: Run) => ReturnType<Hook<Run>['setup']>,
): Hook<Run> {
  if (typeof hook?.setup !== 'function') {
    throw new TypeError(`${policy}: ${hook} is not { name, setup(run) }, as a hook's factory returns it`)
  }
  return { name: hook.name, setup }
}

/** @throws TypeError where the handler is none: said when it is subscribed, not when it would be called. */
export function checkHandler(event: Event<object>, handler: unknown): void {
  if (typeof handler !== 'function') {
    throw new TypeError(`subscribe(${event?.id}): ${handler} is no function`)
  }
}

/** @throws TypeError on an option that there is not: misspelt, it would quietly do nothing. */
export function checkNames<Options extends object>(
  policy: string,
  options: Options,
  names: Readonly<Record<keyof Options, true>>,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    throw new TypeError(`${policy} has no option "${name}"; there are ${Object.keys(names).join(', ')}`)
  }
}

/** @throws RangeError unless the value lies within the limits. */
export function checkNumber(
  option: string,
  value: number,
  expected: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value !== 'number' || !holds(value)) {
    throw new RangeError(`${option} is ${value}; it must be ${expected}`)
  }
}

/** What a timer can count; longer, it would go off at once. */
export function checkMilliseconds(option: string, ms: number): void {
  checkNumber(option, ms, 'a number of milliseconds, less than 2 ** 31', () => ms >= 0 && ms < 2 ** 31)
}
