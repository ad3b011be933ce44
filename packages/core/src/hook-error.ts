/** A hook's failure. The original error is its `cause`. Known by its `name`, not by `instanceof`. */
export class HookError extends Error {
  override readonly name = 'HookError'
  /** The name of the hook that failed. */
  readonly hook: string
  /** The event it failed at, or `setup`, or `cleanup`. */
  readonly at: string

  constructor(hook: string, at: string, cause: unknown) {
    super(`Hook "${hook}" failed at ${at}: ${(cause as Error | undefined)?.message ?? cause}`, { cause })
    this.hook = hook
    this.at = at
  }
}

/** The error itself where no hook is to be named, or one is named already. */
export function nameHook(error: unknown, hook: string | undefined, at: string): unknown {
  const named = hook === undefined || (error as Error | undefined)?.name === 'HookError'
  return named ? error : new HookError(hook, at, error)
}
