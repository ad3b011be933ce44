/** What the handlers of one hook have cost at one event. */
export interface EventTimings {
  /** How often a handler was called. */
  readonly calls: number
  /** Seconds that the run waited for them: from the sampled calls, where not all are timed. */
  readonly seconds: number
  /** The longest time that it waited for one, of those that were timed. */
  readonly longestSeconds: number
  /** Seconds on the queue of a hook in the background: its own time, for which the run did not wait. */
  readonly queueSeconds: number
  /** Where a handler made JavaScript wait for the device. */
  readonly hostSyncs: number
}

/** What a hook has cost. */
export interface HookTimings {
  readonly seconds: number
  readonly queueSeconds: number
  readonly hostSyncs: number
  /** By the events' ids, in the order in which the hook subscribed. */
  readonly events: Readonly<Record<string, EventTimings>>
}

/** Who waits for a handler: the run, or the queue of a hook in the background. */
export type Lane = 'run' | 'queue'

/** Counts the calls of a hook's handlers of one event. */
export class HandlerTimes {
  readonly hook: string
  readonly at: string
  readonly lane: Lane
  calls = 0
  timedCalls = 0
  timedSeconds = 0
  longestSeconds = 0
  hostSyncs = 0
  /** The step at which it was called last. */
  lastStep = -1

  constructor(hook: string, at: string, lane: Lane) {
    this.hook = hook
    this.at = at
    this.lane = lane
  }

  add(seconds: number): void {
    this.timedCalls++
    this.timedSeconds += seconds
    if (seconds > this.longestSeconds) this.longestSeconds = seconds
  }

  /** Of all calls, as far as those that were timed tell. */
  get seconds(): number {
    return this.timedCalls === 0 ? 0 : (this.timedSeconds * this.calls) / this.timedCalls
  }
}

/** By hook, and there by event. */
export function summarize(all: Iterable<HandlerTimes>): Readonly<Record<string, HookTimings>> {
  const hooks = new Map<string, Record<string, EventTimings>>()
  for (const times of all) {
    const events = hooks.get(times.hook) ?? {}
    events[times.at] = withTimes(events[times.at] ?? none, times)
    hooks.set(times.hook, events)
  }
  return Object.fromEntries([...hooks].map(([hook, events]) => [hook, total(events)]))
}

const none: EventTimings = { calls: 0, seconds: 0, longestSeconds: 0, queueSeconds: 0, hostSyncs: 0 }

function withTimes(known: EventTimings, times: HandlerTimes): EventTimings {
  const hostSyncs = known.hostSyncs + times.hostSyncs
  // A handler in the background was called by the run, too: to be queued.
  if (times.lane === 'queue') return { ...known, hostSyncs, queueSeconds: known.queueSeconds + times.seconds }
  const { calls, seconds, longestSeconds } = times
  return { ...known, hostSyncs, calls, seconds, longestSeconds }
}

function total(events: Readonly<Record<string, EventTimings>>): HookTimings {
  const sum = (count: (event: EventTimings) => number): number =>
    Object.values(events).reduce((all, event) => all + count(event), 0)
  return {
    seconds: sum(({ seconds }) => seconds),
    queueSeconds: sum(({ queueSeconds }) => queueSeconds),
    hostSyncs: sum(({ hostSyncs }) => hostSyncs),
    events,
  }
}
