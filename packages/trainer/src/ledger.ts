import {
  countsPercent,
  type Distributed,
  isDue,
  type Json,
  type PersistedState,
  type Progress,
  type RequestKind,
  type RequestOptions,
  type Trigger,
} from '@hookstep/catalogue'
import type { AbortSignalLike, Event, EventBus } from '@hookstep/core'
import type { Incident } from '@hookstep/core/policies'
import type { RunServices } from './hook-run.ts'
import { HookStates } from './hook-states.ts'
import { Incidents } from './incidents.ts'
import { printWarning } from './platform.ts'
import { type ProcessGroup, plainDistributed } from './process-group.ts'
import { Requests } from './requests.ts'
import { RunEnd } from './run-end.ts'
import { Timings } from './timings.ts'

/** What the options of training and of inference have in common. */
export interface LedgerOptions {
  readonly bus: EventBus
  readonly group: ProcessGroup
  readonly configuration: Json
  readonly signal: AbortSignalLike
  /** Milliseconds from which on a handler is slow. Default 1000. */
  readonly slowHookMs?: number | undefined
  /** Triggers of the run's own. */
  readonly log?: Trigger
  readonly evaluate?: { readonly when: Trigger } | undefined
}

/** How urgent a request is that is not to wait; 1 is one that is, 0 is none. */
const urgent = 2

/** What a run keeps about itself: progress, requests, warnings, and what its hooks have left with it. */
export class Ledger implements RunServices {
  readonly bus: EventBus
  readonly distributed: Distributed
  readonly configuration: Json
  readonly signal: AbortSignalLike
  readonly requests: Requests
  readonly hookStates: HookStates
  readonly warnings: string[] = []
  readonly incidents: Incidents
  readonly timings: Timings
  readonly runEnd: RunEnd = new RunEnd()
  readonly tellings: Map<string, Event<object>> = new Map()
  /** What handlers of closing events threw: all of them are called, whatever one of them does. */
  readonly closingErrors: unknown[] = []
  /** Told of every request that is made on this rank. */
  onRequest: (() => void) | undefined
  /** At the end of the step before, and of the one under way. */
  private before: Progress
  private now: Progress
  private readonly group: ProcessGroup

  /** @throws RangeError where a trigger of the run's own cannot be. */
  constructor(options: LedgerOptions, totalSteps: number | undefined) {
    this.bus = options.bus
    this.group = options.group
    this.distributed = plainDistributed(options.group)
    this.requests = new Requests(options.group.worldSize)
    this.configuration = options.configuration
    this.hookStates = new HookStates(options.bus.handlerTimeoutMs)
    this.signal = options.signal
    this.incidents = new Incidents(options.bus, this.distributed, (message) => this.warn(message))
    this.timings = new Timings({
      slowSeconds: (options.slowHookMs ?? 1000) / 1000,
      onSlow: (hook, at, seconds) => this.incidents.slow(hook, at, seconds),
    })
    this.now = Object.freeze({ step: 0, epochs: 0, samples: 0, seconds: 0, totalSteps, last: false })
    this.before = this.now
    for (const trigger of [options.log, options.evaluate?.when]) if (trigger) this.checkLength(trigger)
  }

  /** Within a step: what will have been reached at its end. */
  get progress(): Progress {
    return this.now
  }

  /** At the end of the step before the one under way. */
  get progressBefore(): Progress {
    return this.before
  }

  /** A step begins. */
  begin(progress: Progress): void {
    this.before = this.now
    this.now = Object.freeze(progress)
    this.timings.beginStep()
  }

  /** More is known about the end of this step. */
  refine(known: Partial<Progress>): void {
    this.now = Object.freeze({ ...this.now, ...known })
  }

  /** Goes on from there: nothing before it is due again. */
  resetTo(progress: Progress): void {
    this.now = Object.freeze(progress)
    this.before = this.now
  }

  isDue(trigger: Trigger): boolean {
    this.checkLength(trigger)
    return isDue(trigger, this.before, this.now)
  }

  request(kind: RequestKind, reason: string, requestedBy: string, { now }: RequestOptions = {}): void {
    const { step } = this.now
    this.requests.add(Object.freeze({ kind, reason, requestedBy, step, ...(now && { now }) }))
    this.noteStop()
    this.onRequest?.()
  }

  /** Makes every rank know what any rank asked for; from then on it counts. */
  agree(kinds: readonly RequestKind[]): void | Promise<void> {
    if (this.group.worldSize > 1) return this.agreeWithOthers(kinds)
  }

  private async agreeWithOthers(kinds: readonly RequestKind[]): Promise<void> {
    const asked = Int32Array.from(kinds, (kind) => this.urgency(kind))
    await this.group.allReduce(asked, 'max')
    kinds.forEach((kind, at) => {
      this.learn(kind, asked[at] as number)
    })
  }

  /**
   * Makes every rank know what any rank asked to be done at once.
   *
   * @returns whether any rank's signal says that the run is to end.
   */
  agreeNow(): boolean | Promise<boolean> {
    return this.group.worldSize === 1 ? this.signal.aborted : this.agreeNowWithOthers()
  }

  private async agreeNowWithOthers(): Promise<boolean> {
    const { signal, group } = this
    const asked = Int32Array.of(signal.aborted ? 1 : 0, this.urgency('save'), this.urgency('stop'))
    await group.allReduce(asked, 'max')
    const [aborted, save, stop] = asked
    if (save === urgent) this.learn('save', urgent)
    if (stop === urgent) this.learn('stop', urgent)
    return aborted === 1
  }

  persist(hook: string, state: PersistedState): void {
    this.hookStates.declare(hook, state)
  }

  /** Each warning once. */
  warn(message: string): void {
    if (this.warnings.includes(message)) return
    this.warnings.push(message)
    printWarning(message)
  }

  report(hook: string, incident: Incident): void {
    this.incidents.add(hook, incident)
  }

  /** Ends the subscriptions that are left; none comes after it. */
  unsubscribeAll(): void {
    this.runEnd.abort()
  }

  private urgency(kind: RequestKind): number {
    if (!this.requests.isMade(kind)) return 0
    return this.requests.isMadeNow(kind) ? urgent : 1
  }

  /** Some rank has asked for this. */
  private learn(kind: RequestKind, urgency: number): void {
    if (urgency === 0) return
    const isKnown = this.urgency(kind) >= urgency
    if (!isKnown) {
      this.request(kind, 'asked for on another rank', 'another rank', { now: urgency === urgent })
    }
    this.requests.agree(kind)
    if (urgency === urgent) this.requests.agreeNow(kind)
    this.noteStop()
  }

  /** The step at whose end the run stops is the last; one that is broken off at once is not. */
  private noteStop(): void {
    const { requests } = this
    if (requests.find('stop') !== undefined && requests.findNow('stop') === undefined) {
      this.refine({ last: true })
    }
  }

  private checkLength(trigger: Trigger): void {
    if (this.now.totalSteps === undefined && countsPercent(trigger)) {
      throw new RangeError('a trigger in percent needs a run of known length: give the trainer steps')
    }
  }
}
