/**
 * What callbacks in the background cost the training thread, and what it costs that the handlers of hooks are timed.
 *
 * Goals: all events of a step into 8 background callbacks cost at most 2 microseconds per event and callback, everything
 * included, and no more than the same dispatch with a queue onto another event loop; timing 8 hooks at all of these events
 * costs at most 10 microseconds a step, one percent of a step of one millisecond.
 */
import { timeOnBus } from './callbacks/on-bus.ts'
import { type SubjectName, subjects } from './callbacks/subjects.ts'
import { benchmark, type Case } from './frame/benchmark.ts'
import { atMost } from './frame/results.ts'

// Loaded only where it is measured.
const inRun = () => import('./callbacks/in-run.ts')

const onBus = 'on a bus'
const withinRun = 'in a run'
const timing = 'timing, a step'

const ours = 'hookstep, background'
const callbacks = 'hookstep, callbacks()'
const peer = 'a queue onto another thread'
const names = Object.keys(subjects) as SubjectName[]

await benchmark({
  name: 'callbacks',
  unit: 'µs per event and callback; timing: µs per step',
  rounds: 5,
  cases: [
    ...names.flatMap(casesOf),
    { subject: callbacks, setting: withinRun, measure: async () => (await inRun()).timeCallbacks() },
    { subject: 'hookstep', setting: timing, measure: async () => (await inRun()).timeTiming() },
  ],
  goals: (results) => [
    ...[onBus, withinRun].flatMap((setting) => [
      atMost(2, `in the background, ${setting}`, results.of(ours, setting), 'µs'),
      atMost(1, `in the background, ${setting}, to ${peer}`, results.ratio(ours, [peer], setting), 'x'),
    ]),
    atMost(2, `TrainerCallback, ${withinRun}`, results.of(callbacks, withinRun), 'µs'),
    atMost(10, 'timing 8 hooks at all events of a step', results.of('hookstep', timing), 'µs per step'),
  ],
})

function casesOf(subject: SubjectName): Case[] {
  return [
    { subject, setting: onBus, measure: () => timeOnBus(subjects[subject]) },
    { subject, setting: withinRun, measure: async () => (await inRun()).timeInRun(subjects[subject]) },
  ]
}
