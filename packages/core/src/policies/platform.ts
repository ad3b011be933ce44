/**
 * What every JavaScript platform has and the language's own library does not describe, and little more. Of its own: a file
 * shared with the main entry would be cut out of it, and the main entry would grow.
 */
interface Platform {
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  readonly setImmediate?: (callback: () => void) => void
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void }
    readonly port2: { postMessage(message: null): void }
  }
}

const platform = globalThis as unknown as Platform

/**
 * Calls `action` when the event loop comes to it: behind what goes on by promises alone. Not by a timer of the page,
 * which slows down in a background tab.
 */
export function soon(action: () => void): void {
  if (platform.setImmediate !== undefined) {
    platform.setImmediate(action)
    return
  }
  const { port1, port2 } = new platform.MessageChannel()
  port1.onmessage = () => {
    // An open port would keep a process alive.
    port1.close()
    action()
  }
  port2.postMessage(null)
}

/** Calls `action` after so many milliseconds, unless what it returns is called before. */
export function later(ms: number, action: () => void): () => void {
  const timer = platform.setTimeout(action, ms)
  return () => platform.clearTimeout(timer)
}

/** The promise's result, or an error once `ms` milliseconds have passed without one. */
export function within<Result>(ms: number, promise: PromiseLike<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopWaiting = later(ms, () => reject(unsettled(ms)))
    Promise.resolve(promise).finally(stopWaiting).then(resolve, reject)
  })
}

export function unsettled(ms: number): Error {
  return new Error(`its promise has not settled within ${ms} ms (handlerTimeoutMs)`)
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function'
}

const dispose = (Symbol.dispose ?? Symbol.for('Symbol.dispose')) as typeof Symbol.dispose

/** The function, also as a `Disposable`. */
export function disposable(release: () => void): Disposable & (() => void) {
  return Object.assign(release, { [dispose]: release }) as unknown as Disposable & (() => void)
}
