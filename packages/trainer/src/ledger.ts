import {
  countsPercent,
  type HookState,
  isDue,
  type Json,
  type PersistedState,
  type Progress,
  type RequestKind,
  type Trigger,
} from '@hookstep/catalogue'
import type { AbortSignalLike, EventBus, Unsubscribe } from '@hookstep/core'
import type { RunServices } from './hook-run.ts'
import type { ResolvedOptions } from './options.ts'
import { printWarning } from './platform.ts'
import type { ProcessGroup } from './process-group.ts'
import { Requests } from './requests.ts'

/** What a run keeps about itself: progress, requests, warnings, the states and subscriptions of its hooks. */
export class Ledger implements RunServices {
  readonly bus: EventBus
  readonly distributed: ProcessGroup
  readonly configuration: Json
  readonly signal: AbortSignalLike
  readonly requests: Requests = new Requests()
  readonly warnings: string[] = []
  /** What handlers of closing events threw: all of them are called, whatever one of them does. */
  readonly closingErrors: unknown[] = []
  hostSyncs = 0
  /** At the end of the step before, and of the one under way. */
  private before: Progress
  private now: Progress
  private readonly persisted = new Map<string, PersistedState>()
  private readonly subscriptions: Unsubscribe[] = []

  constructor(options: ResolvedOptions, totalSteps: number | undefined) {
    this.bus = options.bus
    this.distributed = options.group
    this.configuration = options.configuration
    this.signal = options.signal
    this.now = Object.freeze({ step: 0, epochs: 0, samples: 0, seconds: 0, totalSteps, last: false })
    this.before = this.now
    for (const trigger of [options.log, options.evaluate?.when]) if (trigger) this.checkLength(trigger)
  }

  /** Within a step: what will have been reached at its end. */
  get progress(): Progress {
    return this.now
  }

  /** A step begins. */
  begin(progress: Progress): void {
    this.before = this.now
    this.now = Object.freeze(progress)
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

  request(kind: RequestKind, reason: string, requestedBy: string): void {
    this.requests.add(Object.freeze({ kind, reason, requestedBy, step: this.now.step }))
    if (kind === 'stop') this.refine({ last: true })
  }

  /** Makes every rank know what any rank asked for. */
  async agree(kinds: readonly RequestKind[]): Promise<void> {
    if (this.distributed.worldSize === 1) return
    const asked = Int32Array.from(kinds, (kind) => (this.requests.find(kind) === undefined ? 0 : 1))
    await this.distributed.allReduce(asked, 'max')
    kinds.forEach((kind, at) => {
      if (asked[at] === 1 && this.requests.find(kind) === undefined) {
        this.request(kind, 'asked for on another rank', 'another rank')
      }
    })
  }

  persist(hook: string, state: PersistedState): void {
    if (this.persisted.has(hook))
      throw new Error('persist() is called once per hook: keep all state in one object')
    if (!Number.isInteger(state.version)) {
      throw new TypeError(`persist(): version is ${state.version}; it must be a whole number`)
    }
    this.persisted.set(hook, state)
  }

  saveHooks(): Record<string, HookState> {
    const states = [...this.persisted].map(([hook, state]) => [
      hook,
      { version: state.version, state: state.save() },
    ])
    return Object.fromEntries(states) as Record<string, HookState>
  }

  loadHooks(saved: Readonly<Record<string, HookState>>): void {
    for (const [hook, state] of this.persisted) {
      const found = saved[hook]
      if (found === undefined) this.warn(`no state was saved for hook "${hook}": it starts fresh`)
      else state.load(currentForm(hook, state, found))
    }
    for (const hook of Object.keys(saved)) {
      if (!this.persisted.has(hook))
        this.warn(`the saved state of hook "${hook}" is not used: no hook has that name`)
    }
  }

  /** Each warning once. */
  warn(message: string): void {
    if (this.warnings.includes(message)) return
    this.warnings.push(message)
    printWarning(message)
  }

  onSubscribed(unsubscribe: Unsubscribe): void {
    this.subscriptions.push(unsubscribe)
  }

  /** Ends the subscriptions that are left. */
  unsubscribeAll(): void {
    for (const unsubscribe of this.subscriptions.splice(0)) unsubscribe()
  }

  private checkLength(trigger: Trigger): void {
    if (this.now.totalSteps === undefined && countsPercent(trigger)) {
      throw new RangeError('a trigger in percent needs a run of known length: give the trainer steps')
    }
  }
}

/** The saved state in the form of the hook's present version. */
function currentForm(hook: string, current: PersistedState, { version, state }: HookState): Json {
  if (version === current.version) return state
  if (current.migrate !== undefined) return current.migrate(state, version)
  throw new RangeError(
    `the state of hook "${hook}" was saved as version ${version}; this one reads version ${current.version} ` +
      'and has no migrate()',
  )
}
