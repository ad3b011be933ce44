/**
 * What every JavaScript platform has and the language's own library does not describe.
 * Neither Node's types nor the DOM's are needed to use this package.
 */

interface Platform {
  readonly performance: { now(): number }
  readonly console: { warn(message: string): void }
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  readonly setImmediate?: (callback: () => void) => void
  readonly MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void }
    readonly port2: { postMessage(message: null): void }
  }
}

const platform = globalThis as unknown as Platform

/** Lets `await using` close something. Where the platform does not know the symbol yet, compilers write it so. */
export function closeAtEnd(target: AsyncDisposable, close: () => Promise<void>): void {
  const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')
  Object.defineProperty(target, asyncDispose, { value: close })
}

/** Seconds on a clock that never goes back. */
export function clock(): number {
  return platform.performance.now() / 1000
}

export function printWarning(message: string): void {
  platform.console.warn(`hookstep: ${message}`)
}

/**
 * Gives the event loop a turn: timers, signals and I/O go on. Not by a frame or a timer of the page:
 * those stop or slow down in a background tab.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (platform.setImmediate !== undefined) {
      platform.setImmediate(resolve)
      return
    }
    const { port1, port2 } = new platform.MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function'
}

/**
 * Resolves when the promise has settled, or when its time is over, and within that very timer; undefined: no limit.
 *
 * @param failed told where the promise rejects, or is not settled in time.
 */
export function settledInTime(
  promise: PromiseLike<unknown>,
  ms: number | undefined,
  failed: (error: unknown) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let isOver = false
    let timer: unknown
    const end = (): void => {
      isOver = true
      platform.clearTimeout(timer)
      resolve()
    }
    const fail = (error: unknown): void => {
      if (!isOver) failed(error)
      end()
    }
    const late = (ms: number): void => fail(new Error(unsettled("the handler's promise", ms)))
    if (ms !== undefined) timer = platform.setTimeout(() => late(ms), ms)
    promise.then(end, fail)
  })
}

/** What is promised, or an error once its time is over, which says `late`; undefined: no limit. */
export async function inTime<Result>(
  result: Result | PromiseLike<Result>,
  ms: number | undefined,
  late: (ms: number) => string,
): Promise<Awaited<Result>> {
  if (ms === undefined || !isThenable(result)) return await result
  let timer: unknown
  const timeIsOver = new Promise<never>((_, reject) => {
    timer = platform.setTimeout(() => reject(new Error(late(ms))), ms)
  })
  return await Promise.race([result, timeIsOver]).finally(() => platform.clearTimeout(timer))
}

export function unsettled(what: string, ms: number, limit: string = 'handlerTimeoutMs'): string {
  return `${what} has not settled within ${ms} ms (${limit})`
}

/** Waits for a promise, at most so many milliseconds. */
export async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: unknown
  const passed = new Promise<void>((resolve) => {
    timer = platform.setTimeout(resolve, ms)
  })
  // After the time has passed nobody is left to tell of a failure.
  promise.catch(() => {})
  await Promise.race([promise, passed]).finally(() => platform.clearTimeout(timer))
}
