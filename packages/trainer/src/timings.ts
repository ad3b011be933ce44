import type { Handler } from '@hookstep/core'
import { HandlerTimes, type HookTimings, type Lane, summarize } from './handler-times.ts'
import { clock } from './platform.ts'
import { Sampler } from './sampler.ts'

/** A stretch of time that a handler has taken. */
export interface HandlerSpan {
  readonly hook: string
  /** The event's id. */
  readonly at: string
  readonly lane: Lane
  /** `call`: until it returned. `wait`: until the promise that it returned was settled. `host sync`: a moment within. */
  readonly kind: 'call' | 'wait' | 'host sync'
  /** Seconds on the clock of the platform. */
  readonly began: number
  readonly ended: number
}

export type SpanListener = (span: HandlerSpan) => void

/** Told when a handler has kept the run waiting for too long. */
export type SlowListener = (hook: string, at: string, seconds: number) => void

export interface TimingsOptions {
  /** Seconds from which on a handler is slow. */
  readonly slowSeconds: number
  readonly onSlow: SlowListener
}

/** Events that come once in a run, where a handler may well take its time. */
const once = /^(train|inference)\.(configuration\..*|restore|ready|finished|stopped|failed|closed)$/

/** Times the handlers of hooks. */
export class Timings {
  hostSyncs = 0
  private readonly options: TimingsOptions
  private readonly sampler = new Sampler()
  private readonly handlers = new Map<string, HandlerTimes>()
  private readonly listeners: SpanListener[] = []
  /** Whose handler is being called, or waited for. */
  private current: HandlerTimes | undefined

  constructor(options: TimingsOptions) {
    this.options = options
  }

  /** The same handler, timed. */
  watch<Context extends object>(
    hook: string,
    at: string,
    lane: Lane,
    handler: Handler<Context>,
  ): Handler<Context> {
    const times = this.timesOf(hook, at, lane)
    return (context) => {
      const outer = this.current
      const began = this.begin(times)
      let result: unknown
      try {
        result = handler(context)
      } catch (error) {
        this.end(times, began, outer)
        throw error
      }
      return isThenable(result) ? this.endLater(times, began, outer, result) : this.end(times, began, outer)
    }
  }

  /** A step begins: its calls are timed, or passed over. */
  beginStep(): void {
    this.sampler.beginStep()
  }

  /** JavaScript waits for the device. */
  countHostSync(): void {
    this.hostSyncs++
    if (this.current === undefined) return
    this.current.hostSyncs++
    if (this.listeners.length > 0) {
      const now = clock()
      this.tell(this.current, 'host sync', now, now)
    }
  }

  /** Tells `listener` of every call from now on; all of them are timed then. */
  onSpan(listener: SpanListener): () => void {
    this.listeners.push(listener)
    return () => {
      this.listeners.splice(this.listeners.indexOf(listener), 1)
    }
  }

  get hostSyncsPerStep(): number {
    return this.sampler.step === 0 ? 0 : this.hostSyncs / this.sampler.step
  }

  /** By the hooks' names. */
  get summary(): Readonly<Record<string, HookTimings>> {
    return summarize(this.handlers.values())
  }

  private timesOf(hook: string, at: string, lane: Lane): HandlerTimes {
    const key = JSON.stringify([hook, at, lane])
    const known = this.handlers.get(key)
    if (known !== undefined) return known
    const times = new HandlerTimes(hook, at, lane)
    this.handlers.set(key, times)
    return times
  }

  /** Returns the time, or NaN where this call is not timed. */
  private begin(times: HandlerTimes): number {
    const { sampler } = this
    // What is not called at every step is timed whenever it is.
    const isTimed = sampler.isOn || times.lastStep < sampler.step - 1 || this.listeners.length > 0
    sampler.calls++
    times.calls++
    times.lastStep = sampler.step
    this.current = times
    return isTimed ? clock() : Number.NaN
  }

  private end(times: HandlerTimes, began: number, outer: HandlerTimes | undefined): void {
    this.current = outer
    if (Number.isNaN(began)) return
    const ended = clock()
    this.add(times, ended - began)
    this.tell(times, 'call', began, ended)
  }

  /** A promise costs more than the time does: what a handler waits for is always timed. */
  private endLater(
    times: HandlerTimes,
    begun: number,
    outer: HandlerTimes | undefined,
    result: PromiseLike<unknown>,
  ): PromiseLike<unknown> {
    const returned = clock()
    const began = Number.isNaN(begun) ? returned : begun
    this.tell(times, 'call', began, returned)
    // While the run waits, what makes JavaScript wait for the device is this handler's.
    if (times.lane === 'queue') this.current = outer
    const settled = (): void => {
      if (this.current === times) this.current = outer
      const ended = clock()
      this.add(times, ended - began)
      this.tell(times, 'wait', began, ended)
    }
    result.then(settled, settled)
    return result
  }

  private add(times: HandlerTimes, seconds: number): void {
    times.add(seconds)
    if (seconds < this.options.slowSeconds || times.lane === 'queue' || once.test(times.at)) return
    this.options.onSlow(times.hook, times.at, seconds)
  }

  private tell(
    { hook, at, lane }: HandlerTimes,
    kind: HandlerSpan['kind'],
    began: number,
    ended: number,
  ): void {
    for (const listener of this.listeners) listener({ hook, at, lane, kind, began, ended })
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
