/**
 * What it costs to deliver an event.
 *
 * Goals: with 0, 1, 4 and 16 handlers, at most 1.05 times the fastest bus that runs under a strict
 * Content-Security-Policy, and at most twice the fastest that generates code.
 */
import { type Bus, type BusName, buses } from './dispatch/buses.ts'
import { asyncHandler, type Context, type Handler, handlers } from './dispatch/handlers.ts'
import { benchmark, type Case } from './frame/benchmark.ts'
import { nanosecondsPerCall } from './frame/per-call.ts'
import { atMost, type Goal, type Results } from './frame/results.ts'

const withoutEval: readonly BusName[] = [
  'nanoevents',
  'mitt',
  'eventemitter3',
  'tseep without eval',
  'node:events',
  'hookable',
  'emittery',
]
const withEval: readonly BusName[] = ['tapable', 'tseep']
const awaiting: readonly BusName[] = ['hookstep', 'hookable', 'emittery']
const subjects = Object.keys(buses) as BusName[]

const counts = [0, 1, 4, 16]
const setting = (count: number): string => (count === 1 ? '1 handler' : `${count} handlers`)

await benchmark({
  name: 'dispatch',
  unit: 'ns per trigger',
  // Many short ones: what a compiler makes of the same code differs more between processes than within one.
  rounds: 11,
  cases: [
    ...counts.flatMap((count) =>
      subjects.map((subject) => oneEvent(subject, setting(count), handlers.slice(0, count))),
    ),
    ...subjects.map(eightEvents),
    ...awaiting.map((subject) => oneEvent(subject, '1 async, awaited', [asyncHandler])),
  ],
  goals: (results) => counts.flatMap((count) => goalsAt(setting(count), results)),
})

/** One event and nothing else on the bus, as the buses' own benchmarks have it. */
function oneEvent(subject: BusName, setting: string, handlers: readonly Handler[]): Case {
  const measure = async (): Promise<number> => {
    const { bus, moments } = await subscribed(subject, [handlers])
    const [moment] = moments
    const context: Context = { step: 1 }
    return nanosecondsPerCall(() => bus.trigger(moment, context))
  }
  return { subject, setting, measure }
}

/** Eight events in turn, two handlers each: no place in the code sees one event only. */
function eightEvents(subject: BusName): Case {
  const measure = async (): Promise<number> => {
    const pairs = Array.from({ length: 8 }, (_, event) => handlers.slice(2 * event, 2 * event + 2))
    const { bus, moments } = await subscribed(subject, pairs)
    const context: Context = { step: 1 }
    let turn = 0
    return nanosecondsPerCall(() => bus.trigger(moments[turn++ & 7], context))
  }
  return { subject, setting: '8 events, 2 handlers', measure }
}

/** A bus with one event for each list of handlers. */
async function subscribed(subject: BusName, lists: readonly (readonly Handler[])[]) {
  const bus: Bus = await buses[subject]()
  const moments = lists.map((_, event) => bus.moment(`bench.event.${event}`))
  for (const [event, list] of lists.entries()) {
    for (const handler of list) bus.subscribe(moments[event], handler)
  }
  return { bus, moments }
}

/**
 * Where nobody listens, several are looked up once for the whole loop that measures them, and what is left is the
 * loop: times below half a nanosecond count as equal.
 */
function goalsAt(setting: string, results: Results): Goal[] {
  const times = (peers: readonly BusName[]): number => results.ratio('hookstep', peers, setting, 0.5)
  return [
    atMost(1.05, `${setting}, to the fastest without eval`, times(withoutEval), 'x'),
    atMost(2, `${setting}, to the fastest with eval`, times(withEval), 'x'),
  ]
}
