/**
 * What callbacks in the background cost the training thread, and what it costs that the handlers of hooks are timed.
 *
 * Goals: all events of a step into 8 background callbacks cost at most 2 microseconds per event and callback, everything
 * included, and no more than the same dispatch with a queue onto another event loop; timing 8 hooks at all of these events
 * costs at most 10 microseconds a step, one percent of a step of one millisecond.
 */
import { timeOnBus } from './callbacks/on-bus.ts'
import { callbackCount, type SubjectName, stepEvents, subjects } from './callbacks/subjects.ts'
import { benchmark, type Case } from './frame/benchmark.ts'
import { atMost, type Goal, type Results } from './frame/results.ts'

// Loaded only where it is measured.
const inRun = () => import('./callbacks/in-run.ts')

const onBus = 'on a bus'
const withinRun = 'in a run, a step'

const bare = 'a listener at each event'
const listeners = '8 more listeners'
const ours = 'hookstep, background'
const inline = 'hookstep, within the run'
const callbacks = 'hookstep, callbacks()'
const peer = 'a queue onto another thread'
const names = Object.keys(subjects) as SubjectName[]

/** Calls of the methods of a callback in a step of two microbatches that is logged. */
const callsPerStep = 9

await benchmark({
  name: 'callbacks',
  unit: 'µs per event and callback; in a run: µs per step',
  rounds: 5,
  cases: [
    ...names.map((subject): Case => {
      return { subject, setting: onBus, measure: () => timeOnBus(subjects[subject]) }
    }),
    step(bare, async () => (await inRun()).timeListeners(0)),
    step(listeners, async () => (await inRun()).timeListeners(callbackCount)),
    ...names.map((subject) => step(subject, async () => (await inRun()).timeHooks(subjects[subject].hooks))),
    step(callbacks, async () => (await inRun()).timeCallbacks()),
  ],
  goals: (results) => {
    const added = (subject: string, calls: number): number =>
      (results.of(subject, withinRun) - results.of(bare, withinRun)) / (calls * callbackCount)
    const [own, theirs] = [ours, peer].map((subject) => added(subject, stepEvents.length)) as [number, number]
    return [
      ...goalsOf(onBus, results.of(ours, onBus), results.of(peer, onBus)),
      ...goalsOf('in a run', own, theirs),
      atMost(2, 'callbacks(), in a run', added(callbacks, callsPerStep), 'µs per call'),
      atMost(10, 'timing 8 hooks at all events of a step', timing(results), 'µs per step'),
    ]
  },
})

function step(subject: string, measure: Case['measure']): Case {
  return { subject, setting: withinRun, measure }
}

function goalsOf(setting: string, own: number, theirs: number): Goal[] {
  return [
    atMost(2, `in the background, ${setting}`, own, 'µs per event and callback'),
    atMost(1, `in the background, ${setting}, to ${peer}`, own / theirs, 'x'),
  ]
}

/** The handlers of hooks are timed; those that are only on the bus are not. */
function timing(results: Results): number {
  return results.of(inline, withinRun) - results.of(listeners, withinRun)
}
