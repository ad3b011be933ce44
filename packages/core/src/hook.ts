import { HookError } from './hook-error.ts'

/** Undoes what a hook's `setup` did: closes files, stops timers. */
export type Cleanup = () => unknown

/**
 * An installable thing that follows a run (what Keras calls a callback): a plain object, made by a
 * factory function.
 *
 * ```ts
 * const greeter = (): Hook<EventBus> => ({
 *   name: 'greeter',
 *   setup(run) {
 *     run.subscribe(paused, () => console.log('hello'))
 *   },
 * })
 * ```
 */
export interface Hook<Run> {
  /** Unique in a run; named in errors and in saved state. */
  readonly name: string
  /** Subscribes. May return its cleanup, which runs however the run ends, last hook first. */
  setup(run: Run): void | Cleanup | Promise<void> | Promise<Cleanup>
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
  checkHooks(hooks)
  const cleanups: [name: string, cleanup: Cleanup][] = []
  const cleanUp = async (): Promise<void> => {
    const errors: unknown[] = []
    for (const [name, cleanup] of cleanups.splice(0).reverse()) {
      try {
        await cleanup()
      } catch (error) {
        errors.push(new HookError(name, 'cleanup', error))
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'several hooks failed to clean up')
  }
  for (const hook of hooks) {
    try {
      const cleanup = await hook.setup(runFor(hook.name))
      if (typeof cleanup === 'function') cleanups.push([hook.name, cleanup])
    } catch (error) {
      // The failed setup is what the user must hear of.
      await cleanUp().catch(() => {})
      throw new HookError(hook.name, 'setup', error)
    }
  }
  return { names: hooks.map((hook) => hook.name), cleanUp }
}

function checkHooks(hooks: readonly Hook<never>[]): void {
  const names = new Set<string>()
  for (const hook of hooks) {
    const name = hook?.name
    if (typeof name !== 'string' || name === '' || typeof hook.setup !== 'function') {
      throw new TypeError(`${describe(hook)} is not a hook: a hook is { name, setup(run) }`)
    }
    if (names.has(name)) {
      throw new TypeError(`two hooks are named "${name}": give one of them another name`)
    }
    names.add(name)
  }
}

function describe(value: unknown): string {
  return typeof value === 'function' ? `the function ${value.name || '(unnamed)'}` : JSON.stringify(value) ?? String(value)
}
