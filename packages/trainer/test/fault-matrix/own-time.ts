import { vi } from 'vitest'

/** What is still done by itself. */
const busy = /^Immediate$|^FSReq|Req$/

/** Hashes that are being computed, of which Node does not tell. */
let hashing = 0

/** Takes notice of hashes that are computed. @returns ends it. */
export function watchHashing(): () => void {
  const { subtle } = crypto
  const { digest } = subtle
  const counted: typeof digest = (...args) => {
    hashing++
    return digest.apply(subtle, args).finally(() => hashing--)
  }
  Object.defineProperty(subtle, 'digest', { value: counted, configurable: true })
  return () => Reflect.deleteProperty(subtle, 'digest')
}

/** No cell waits for longer than this without being a run that hangs. */
const longest = 3_600_000

/**
 * Time that passes only when there is nothing to do but wait, and then at once: no deadline depends on how fast the
 * machine is, and five minutes take none. It goes by the fake timers of vitest.
 */
export class OwnTime {
  private waiting: (() => void)[] = []

  /** Settles when nothing is under way but what waits for a timer. */
  quiet(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  /** Lets time pass until the work is done. @throws Error where it never would be. */
  async pass<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    work.then(done, done)
    const began = performance.now()
    for (await turn(); !isDone; await turn()) {
      if (isBusy()) continue
      if (this.waiting.length > 0) this.letGo()
      else if (vi.getTimerCount() > 0 && performance.now() - began < longest) vi.advanceTimersToNextTimer()
      else throw new Error('the run hangs: nothing is under way, and it is not over')
    }
    return work
  }

  private letGo(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBusy(): boolean {
  return hashing > 0 || process.getActiveResourcesInfo().some((resource) => busy.test(resource))
}
