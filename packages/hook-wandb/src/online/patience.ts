import type { Pacing } from './pacing.ts'
import { RequestError } from './request-error.ts'

/** Pauses that can be cut short, and attempts that are repeated. One pause at a time. */
export class Patience {
  private readonly pacing: Pacing
  private readonly signal: AbortSignal
  private readonly giveUpMs: number
  private readonly failed: (failure: RequestError) => void
  private endPause: (() => void) | undefined
  /** Why the last attempt has failed, while none has succeeded since. */
  failure: RequestError | undefined

  /**
   * @param giveUpMs how long one thing may fail before its last failure is passed on.
   * @param failed is told of each attempt that will be repeated.
   */
  constructor(
    pacing: Pacing,
    signal: AbortSignal,
    giveUpMs: number,
    failed: (failure: RequestError) => void = () => {},
  ) {
    this.pacing = pacing
    this.signal = signal
    this.giveUpMs = giveUpMs
    this.failed = failed
  }

  /**
   * Repeats what fails, ever more rarely, until it succeeds.
   *
   * @throws RequestError where another attempt would change nothing, and after `giveUpMs`. The signal's reason once that
   * is aborted.
   */
  async attempt<Result>(what: () => Promise<Result>): Promise<Result> {
    const began = Date.now()
    for (let retry = 0; ; retry++) {
      try {
        const result = await what()
        this.failure = undefined
        return result
      } catch (error) {
        this.signal.throwIfAborted()
        this.failure = requestError(error)
        if (this.failure.final || Date.now() - began > this.giveUpMs) throw this.failure
        this.failed(this.failure)
        await this.pause(this.failure.retryAfterMs ?? this.backOff(retry))
      }
    }
  }

  /** Settles after that long, or when it is woken. @throws the signal's reason once that is aborted. */
  async pause(ms: number): Promise<void> {
    this.signal.throwIfAborted()
    const { promise, end } = wait(ms)
    this.endPause = end
    this.signal.addEventListener('abort', end)
    await promise
    this.signal.removeEventListener('abort', end)
    this.endPause = undefined
    this.signal.throwIfAborted()
  }

  /** Ends a pause, but for one that the server has asked for. */
  wake(): void {
    if (this.failure?.retryAfterMs === undefined) this.endPause?.()
  }

  /** Twice as long each time; up to a quarter less by chance, so that many runs do not come back all at once. */
  private backOff(retry: number): number {
    const { firstRetryMs, longestRetryMs } = this.pacing
    return Math.min(firstRetryMs * 2 ** retry, longestRetryMs) * (1 - Math.random() / 4)
  }
}

/** The timer keeps a process alive: somebody waits for what comes after it. */
function wait(ms: number): { readonly promise: Promise<void>; end(): void } {
  let end = (): void => {}
  const promise = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    end = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  return { promise, end }
}

/** A disk that is full may have room later; a file that is not what it should be stays so. */
function requestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error
  const final = [SyntaxError, RangeError, TypeError].some((kind) => error instanceof kind)
  return new RequestError(error instanceof Error ? error.message : String(error), { final, cause: error })
}
