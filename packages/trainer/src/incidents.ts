import { type Distributed, hook as hookEvents } from '@hookstep/catalogue'
import type { Event, EventBus } from '@hookstep/core'
import type { Incident } from '@hookstep/core/policies'
import { messageOf } from './failure.ts'

/** What befell a hook without ending the run. */
export interface HookIncidents {
  /** Handlers that failed. */
  readonly failures: number
  /** Events that it was not told of. */
  readonly dropped: number
  /** What the first failure said, and where. */
  readonly firstFailure?: string
}

/** Counts what befell hooks, warns of each hook once, and announces it as events. */
export class Incidents {
  private readonly counts = new Map<string, HookIncidents>()
  private readonly slowHooks = new Set<string>()
  /** What is being told. */
  private readonly telling = new Set<Promise<void>>()
  private readonly bus: EventBus
  private readonly distributed: Distributed
  private readonly warn: (message: string) => void

  constructor(bus: EventBus, distributed: Distributed, warn: (message: string) => void) {
    this.bus = bus
    this.distributed = distributed
    this.warn = warn
  }

  add(hook: string, incident: Incident): void {
    const { failures, dropped, firstFailure } = this.counts.get(hook) ?? { failures: 0, dropped: 0 }
    const { distributed } = this
    if (incident.kind === 'failed') {
      const { at, error } = incident
      const first = firstFailure ?? `${at}: ${messageOf(error)}`
      this.counts.set(hook, { failures: failures + 1, dropped, firstFailure: first })
      if (failures === 0) this.warn(`hook "${hook}" failed at ${first}; the run goes on`)
      this.announce(hookEvents.failed, at, { distributed, hook, at, error })
    } else {
      const { at, count, reason } = incident
      this.counts.set(hook, { failures, dropped: dropped + count, ...(firstFailure && { firstFailure }) })
      if (dropped === 0) this.warn(`hook "${hook}" was not told of ${at}: ${reason}`)
      this.announce(hookEvents.dropped, at, { distributed, hook, at, count, reason })
    }
  }

  /** A handler has kept the run waiting: told each time, with one warning for each hook. */
  slow(hook: string, at: string, seconds: number): void {
    const { distributed } = this
    if (!this.slowHooks.has(hook)) {
      this.slowHooks.add(hook)
      this.warn(
        `hook "${hook}" has kept the run waiting for ${seconds.toFixed(1)} s at ${at} (slowHookMs); ` +
          'it would not in the background(…) of @hookstep/core/policies',
      )
    }
    this.announce(hookEvents.slow, at, { distributed, hook, at, seconds })
  }

  /** By the hooks' names; only those that something befell. */
  get summary(): Readonly<Record<string, HookIncidents>> {
    return Object.fromEntries(this.counts)
  }

  /** Waits for those that are told of what has befallen. */
  async settle(): Promise<void> {
    while (this.telling.size > 0) await Promise.all(this.telling)
  }

  /** An incident while incidents are told is not told again: that would never end. */
  private announce<Context extends object>(event: Event<Context>, at: string, context: Context): void {
    if (at.startsWith('hook.')) return
    const failed = (error: unknown): void => this.warn(`a handler of ${event.id} failed: ${messageOf(error)}`)
    try {
      const told = this.bus.trigger(event, Object.freeze(context))
      if (told !== undefined) this.waitFor(told.catch(failed))
    } catch (error) {
      failed(error)
    }
  }

  /** The run does not wait before its end. */
  private waitFor(told: Promise<void>): void {
    this.telling.add(told)
    void told.finally(() => this.telling.delete(told))
  }
}
