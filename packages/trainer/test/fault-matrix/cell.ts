import { type Hook, hook as hookEvents, type Run } from '@hookstep/catalogue'
import { type Event, EventBus } from '@hookstep/core'
import { catalogueEvents, type Fault, recordTrace, type Trace, withFault } from '@hookstep/testing'
import { inMemoryGroup } from '@hookstep/trainer'
import { vi } from 'vitest'
import { type Policy, policies, slowMs } from './outcomes.ts'
import { OwnTime } from './own-time.ts'
import { isOfIncidents, isToldByHooks, type Scenario, type Summary } from './scenarios.ts'

/** Which hook misbehaves where, how, and with which policy. */
export interface Cell {
  readonly hook: Hook
  /** Others that are in the run. */
  readonly others?: readonly Hook[]
  readonly scenario: Scenario
  readonly fault?: { readonly at: Event<object>; readonly fault: Fault }
  readonly policy: Policy
  /** What the hook says where it comes too late. */
  readonly tooLate?: RegExp | undefined
}

/** An event as the bus delivers it to the hook. */
interface Delivery {
  readonly id: string
  readonly listener: object
}

/** A failure, events that were dropped, or that the run was kept waiting, as the run tells of it. */
export interface Told {
  readonly kind: 'failed' | 'dropped' | 'slow'
  readonly at: string
  readonly message: string
  readonly count: number
}

/** What could be seen of a run. */
export interface Seen {
  readonly summary: Summary | undefined
  readonly error: Error | undefined
  readonly warnings: readonly string[]
  /** Seconds that have passed. */
  readonly seconds: number
  /** Of the hooks before it and behind it: what the run has told them. */
  readonly before: readonly string[]
  readonly behind: readonly string[]
  /** How many lines of the one before were there when the fault came. */
  readonly linesAtFault: number
  readonly deliveries: readonly Delivery[]
  /** What the run has told of the hook. */
  readonly told: readonly Told[]
  readonly cleanups: readonly string[]
  /** What is left behind. */
  readonly left: readonly string[]
}

/** Runs one cell, and lets its time pass. */
export async function see(cell: Cell): Promise<Seen> {
  const warnings: string[] = []
  console.warn = (message: string) => void warnings.push(message)
  const stage = new Stage(cell)
  const unhandled = collectUnhandled()
  const began = performance.now()
  const ended = await stage.time.pass(
    stage.run().then(
      (summary) => ({ summary, error: undefined }),
      (error: Error) => ({ summary: undefined, error }),
    ),
  )
  const seconds = (performance.now() - began) / 1000
  await new Promise((resolve) => setImmediate(resolve))
  const seen = stage.seen()
  const left = [...unhandled.end(), ...timersLeft(), ...seen.left]
  return { ...ended, warnings, seconds, ...seen, left }
}

/** Everything that is on stage in one run. */
class Stage {
  readonly time: OwnTime = new OwnTime()
  private readonly cell: Cell
  private readonly bus = new EventBus({ handlerTimeoutMs: 300_000 })
  private readonly before: Trace = recordTrace({ name: 'before', indent: false })
  private readonly behind: Trace = recordTrace({ name: 'behind', indent: false })
  private readonly deliveries: Delivery[] = []
  private readonly told: Told[] = []
  private readonly cleanups: string[] = []
  private linesAtFault = 0

  constructor(cell: Cell) {
    this.cell = cell
  }

  /** With several ranks, that of the last one is told. */
  async run(): Promise<Summary> {
    const { scenario, policy } = this.cell
    if (policy !== 'onRank main, on another') {
      return scenario.run({ hooks: this.hooks(), bus: this.bus })
    }
    const [main, other] = inMemoryGroup(2)
    const beside = scenario.run({
      hooks: [...scenario.companions(), this.yielding()],
      bus: new EventBus(),
      group: main,
    })
    const ends = await Promise.allSettled([
      beside,
      scenario.run({ hooks: this.hooks(), bus: this.bus, group: other }),
    ])
    const [, end] = ends
    if (end.status === 'rejected') throw end.reason
    return end.value
  }

  seen() {
    const { bus, deliveries, told, cleanups, linesAtFault } = this
    const subscribed = [...catalogueEvents().values()].filter((event) => bus.hasSubscribers(event))
    return {
      before: ofRun(this.before.lines),
      behind: ofRun(this.behind.lines),
      linesAtFault,
      deliveries,
      told,
      cleanups,
      left: subscribed.map(({ id }) => `a handler of ${id}`),
    }
  }

  private hooks(): readonly Hook[] {
    const { scenario, hook, fault, policy, others = [] } = this.cell
    const faulty = fault === undefined ? hook : withFault(hook, { ...fault, slowMs })
    return [
      ...scenario.companions(),
      this.listening(),
      ...others,
      this.watched(this.before),
      this.counted(this.watched(policies[policy](faulty))),
      this.watched(this.behind),
      this.yielding(),
    ]
  }

  /** Takes down that its cleanup runs. */
  private watched(hook: Hook): Hook {
    return {
      name: hook.name,
      setup: async (run) => {
        const cleanup = await hook.setup(run)
        return async () => {
          this.cleanups.push(hook.name)
          await cleanup?.()
        }
      },
    }
  }

  /** Takes down what the bus delivers to it. */
  private counted(hook: Hook): Hook {
    const { cell, deliveries } = this
    const subscribing = (run: Run): Run['subscribe'] => {
      return (event, handler, options) => {
        const listener = {}
        const counting: typeof handler = (context) => {
          const isFirst = deliveries.every(({ id }) => id !== event.id)
          if (isFirst && event.id === cell.fault?.at.id) this.linesAtFault = ofRun(this.before.lines).length
          deliveries.push({ id: event.id, listener })
          return handler(context)
        }
        return run.subscribe(event, typeof handler === 'function' ? counting : handler, options)
      }
    }
    return {
      name: hook.name,
      setup: (run) => hook.setup(Object.assign(Object.create(run) as Run, { subscribe: subscribing(run) })),
    }
  }

  /** Takes down what the run tells of the hook. */
  private listening(): Hook {
    const { told, cell } = this
    const add = (entry: Told, hook: string): void => {
      if (hook === cell.hook.name) told.push(entry)
    }
    return {
      name: 'listening',
      setup(run) {
        run.subscribe(hookEvents.failed, ({ hook, at, error }) =>
          add({ kind: 'failed', at, message: (error as Error).message, count: 1 }, hook),
        )
        run.subscribe(hookEvents.dropped, ({ hook, at, count, reason }) =>
          add({ kind: 'dropped', at, message: reason, count }, hook),
        )
        run.subscribe(hookEvents.slow, ({ hook, at }) =>
          add({ kind: 'slow', at, message: '', count: 1 }, hook),
        )
      },
    }
  }

  /** Has the run wait at each event until what is in the background has been done, as a device would. */
  private yielding(): Hook {
    return {
      name: 'yielding',
      setup: (run) => {
        if (this.cell.policy === 'none') return
        for (const event of catalogueEvents().values()) {
          if (!isOfIncidents(event.id)) run.subscribe(event, () => this.time.quiet())
        }
      },
    }
  }
}

function ofRun(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !isToldByHooks(line))
}

function timersLeft(): string[] {
  const count = vi.getTimerCount()
  if (count === 0) return []
  vi.clearAllTimers()
  return [`${count} timers`]
}

/** Promises that were rejected while nobody looked. */
function collectUnhandled(): { end(): string[] } {
  const errors: string[] = []
  const add = (error: unknown): void => void errors.push(`unhandled: ${error}`)
  process.on('unhandledRejection', add)
  return {
    end() {
      process.off('unhandledRejection', add)
      return errors
    },
  }
}
