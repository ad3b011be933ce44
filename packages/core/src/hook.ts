import { nameHook } from './hook-error.ts'

/** Undoes what a hook's `setup` did: closes files, stops timers. */
export type Cleanup = () => unknown

/**
 * An installable thing that follows a run (what Keras calls a callback): a plain object, made by a
 * factory function.
 *
 * ```ts
 * import { defineEvent, type EventBus, type Hook } from '@hookstep/core'
 *
 * const paused = defineEvent<{ step: number }>('my-hook.paused')
 *
 * const greeter = (): Hook<EventBus> => ({
 *   name: 'greeter',
 *   setup(bus) {
 *     bus.subscribe(paused, () => console.log('hello'))
 *   },
 * })
 * ```
 */
export interface Hook<Run> {
  /** Unique in a run; named in errors and in saved state. */
  readonly name: string
  /** Subscribes. May return its cleanup, which runs however the run ends, last hook first. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a setup that returns nothing is the common one
  setup(run: Run): void | Cleanup | Promise<void | Cleanup>
}

/** Hooks that are set up. */
export interface InstalledHooks {
  readonly names: readonly string[]
  /**
   * Runs every cleanup once, last hook first.
   *
   * @throws the only error, or an AggregateError of them, after all cleanups have run.
   */
  cleanUp(): Promise<void>
}

type NamedCleanup = readonly [hook: string, cleanup: Cleanup]

/**
 * Sets up hooks in order, each with the run that `runFor` makes for its name. When one fails, those
 * before it are cleaned up.
 *
 * @throws TypeError on a value that is no hook, and on two hooks of one name, before any is set up.
 * @throws HookError when a `setup` fails.
 */
export async function installHooks<Run>(
  hooks: readonly Hook<Run>[],
  runFor: (name: string) => Run,
): Promise<InstalledHooks> {
  const names = checkedNames(hooks)
  const cleanups: NamedCleanup[] = []
  const cleanUp = (): Promise<void> => runAll(cleanups.splice(0).reverse())
  for (const hook of hooks) {
    try {
      const cleanup = await hook.setup(runFor(hook.name))
      if (typeof cleanup === 'function') cleanups.push([hook.name, cleanup])
    } catch (error) {
      // The failed setup is what the user must hear of.
      await cleanUp().catch(() => {})
      throw nameHook(error, hook.name, 'setup')
    }
  }
  return { names, cleanUp }
}

async function runAll(cleanups: readonly NamedCleanup[]): Promise<void> {
  const errors: unknown[] = []
  for (const [hook, cleanup] of cleanups) {
    try {
      await cleanup()
    } catch (error) {
      errors.push(nameHook(error, hook, 'cleanup'))
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, errors.join('; '))
  if (errors.length === 1) throw errors[0]
}

function checkedNames(hooks: readonly Hook<never>[]): string[] {
  const names: string[] = []
  for (const hook of hooks) {
    const name = hook?.name
    if (typeof name !== 'string' || name === '' || typeof hook.setup !== 'function') {
      throw new TypeError(
        `hooks[${names.length}] is not { name, setup(run) }, as a hook's factory returns it: ${hook}`,
      )
    }
    if (names.includes(name)) {
      throw new TypeError(`two hooks are named "${name}": give one of them another name`)
    }
    names.push(name)
  }
  return names
}
