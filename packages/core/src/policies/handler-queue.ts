import type { Incident } from '../incident.ts'
import { Dropped } from './dropped.ts'
import { isThenable, later, soon, unsettled } from './platform.ts'
import { type Listener, Newest, Ring, type Waiting } from './waiting.ts'

/** What becomes of an event when there is no room for it. */
export type Overflow = 'block' | 'drop-oldest' | 'latest'

export interface QueueOptions {
  readonly capacity: number
  readonly overflow: Overflow
  /** Milliseconds after which a handler's unsettled promise is a failure, and the next has its turn. */
  readonly handlerTimeoutMs: number
  readonly report: (incident: Incident) => void
}

/** So long the queue goes on before the run, timers and I/O have a turn: in milliseconds. */
const turnMs = 5

/** An event whose turn has come. */
interface Waited {
  readonly listener: Listener
  readonly context: unknown
}

/** An event that waits for room, and with it whoever told of it. */
interface Late extends Waited {
  readonly letGo: () => void
}

/**
 * Calls the handlers of one hook one after another, off the path of the run: when the event loop has its turn. A handler that
 * returns a promise has the queue wait for it.
 */
export class HandlerQueue {
  private readonly options: QueueOptions
  private readonly waiting: Waiting
  private readonly late: Late[] = []
  private readonly dropped: Dropped
  /** Whether handlers are being called, or will be without anything more being done. */
  private isBusy = false
  private isClosed = false
  private turnEndsAt = 0
  /** Ends the waiting for the handler under way. */
  private giveUp: ((error: Error) => void) | undefined
  private readonly whenIdle: (() => void)[] = []

  constructor(options: QueueOptions) {
    const { capacity, overflow, report } = options
    this.options = options
    this.waiting = overflow === 'latest' ? new Newest() : new Ring(capacity)
    const reason = overflow === 'latest' ? 'a newer one came first' : `${capacity} newer ones were waiting`
    this.dropped = new Dropped(report, reason)
  }

  /** Adds an event. Returns a promise where it must wait for room: resolved when the queue has it. */
  add(listener: Listener, context: unknown): void | Promise<void> {
    if (this.isClosed) return
    if (this.waiting.isFull && this.options.overflow === 'block') return this.addLate(listener, context)
    const dropped = this.waiting.add(listener, context)
    if (!this.isBusy) this.begin()
    if (dropped !== undefined && !dropped.isOver) this.dropped.add(dropped.at)
  }

  get isIdle(): boolean {
    return !this.isBusy
  }

  /** Waits until every handler has been called, at most so many milliseconds. Returns how many events are left then. */
  async drain(ms: number): Promise<number> {
    if (this.isBusy) {
      await new Promise<void>((resolve) => {
        const stopWaiting = later(ms, resolve)
        this.whenIdle.push(() => {
          stopWaiting()
          resolve()
        })
      })
    }
    return this.left
  }

  /** Calls no handler any more, and tells of those that were not called for this reason. */
  close(reason: string): void {
    this.isClosed = true
    this.dropped.tellRest()
    const left = new Map<string, number>()
    for (let next = this.next(); next !== undefined; next = this.next()) {
      const { at, isOver } = next.listener
      if (!isOver) left.set(at, (left.get(at) ?? 0) + 1)
    }
    this.giveUp?.(new Error(`its promise has not settled: ${reason}`))
    for (const [at, count] of left) this.options.report({ kind: 'dropped', at, count, reason })
  }

  /** Events whose handlers have not been called, or have not settled. */
  private get left(): number {
    return this.waiting.size + this.late.length + (this.giveUp === undefined ? 0 : 1)
  }

  private addLate(listener: Listener, context: unknown): Promise<void> {
    return new Promise((letGo) => {
      this.late.push({ listener, context, letGo })
    })
  }

  private begin(): void {
    this.isBusy = true
    soon(this.takeTurn)
  }

  private readonly takeTurn = (): void => {
    this.turnEndsAt = Date.now() + turnMs
    this.goOn()
  }

  /** Calls handlers until one has to be waited for, the turn is over, or nothing waits. */
  private goOn(): void {
    while (this.waiting.size > 0 && Date.now() < this.turnEndsAt) {
      const { listener, context } = this.next() as Waited
      const result = listener.isOver ? undefined : this.call(listener, context)
      if (isThenable(result)) {
        this.waitFor(result, listener.at)
        return
      }
    }
    if (this.waiting.size > 0) soon(this.takeTurn)
    else this.rest()
  }

  private rest(): void {
    this.isBusy = false
    for (const tell of this.whenIdle.splice(0)) tell()
  }

  private next(): Waited | undefined {
    const place = this.waiting.take()
    if (place === undefined) return undefined
    const { listener, context } = place
    // Or a context, and what it holds, would stay in memory until the place is needed.
    place.listener = undefined
    place.context = undefined
    this.admit()
    return { listener: listener as Listener, context }
  }

  /** There is room for one that waited for it. */
  private admit(): void {
    const first = this.late.shift()
    if (first === undefined) return
    this.waiting.add(first.listener, first.context)
    first.letGo()
  }

  private call({ at, handler }: Listener, context: unknown): unknown {
    try {
      return handler(context as never)
    } catch (error) {
      return this.failed(at, error)
    }
  }

  private waitFor(result: PromiseLike<unknown>, at: string): void {
    const { handlerTimeoutMs } = this.options
    const end = (): void => {
      if (this.giveUp !== fail) return
      stopWaiting()
      this.giveUp = undefined
      this.goOn()
    }
    const fail = (error: unknown): void => {
      if (this.giveUp !== fail) return
      this.failed(at, error)
      end()
    }
    const stopWaiting = later(handlerTimeoutMs, () => fail(unsettled(handlerTimeoutMs)))
    this.giveUp = fail
    Promise.resolve(result).then(end, fail)
  }

  private failed(at: string, error: unknown): void {
    this.options.report({ kind: 'failed', at, error })
  }
}
