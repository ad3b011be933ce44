/**
 * What every JavaScript platform has and the language's own library does not describe.
 * Neither Node's types nor the DOM's are needed to use this package.
 */

/** The part of an `AbortSignal` that is used here. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare function setTimeout(callback: () => void, ms: number): unknown
declare function clearTimeout(timer: unknown): void

const dispose = (Symbol.dispose ?? Symbol.for('Symbol.dispose')) as typeof Symbol.dispose

/** The function, also as a `Disposable`. */
export function disposable(release: () => void): Disposable & (() => void) {
  return Object.assign(release, { [dispose]: release }) as unknown as Disposable & (() => void)
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value != null && typeof (value as { then?: unknown }).then === 'function'
}

/** The promise's result, or an error once `ms` milliseconds have passed without one. */
export function within<Result>(ms: number, promise: PromiseLike<Result>): Promise<Result> {
  let timer: unknown
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the handler's promise has not settled within ${ms} ms (handlerTimeoutMs)`)),
      ms,
    )
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
