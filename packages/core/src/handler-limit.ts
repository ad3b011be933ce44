import { within } from './platform.ts'

/** A handler whose promise has not settled. */
interface Waited {
  readonly hook: string | undefined
  readonly id: string
}

/** How long handlers are waited for. */
export class HandlerLimit {
  private readonly ms: number
  /** The latest last. */
  private readonly waited = new Set<Waited>()

  constructor(ms: number) {
    this.ms = ms
  }

  /** The promise's result, or an error once the time has passed without one. */
  wait<Result>(promise: PromiseLike<Result>, hook: string | undefined, id: string): Promise<Result> {
    const waited = { hook, id }
    this.waited.add(waited)
    const settled = within(this.ms, promise, () => this.unsettled(waited))
    return settled.finally(() => this.waited.delete(waited))
  }

  /** A handler that tells an event waits for others, which may be to blame. */
  private unsettled(waited: Waited): Error {
    const all = [...this.waited]
    const within = all.slice(all.indexOf(waited) + 1).map(({ hook, id }) => `"${hook ?? '(bus)'}" at ${id}`)
    const finding = `the handler's promise has not settled within ${this.ms} ms (handlerTimeoutMs)`
    return new Error(within.length === 0 ? finding : `${finding}; nor has that of ${within.join(', ')}`)
  }
}
