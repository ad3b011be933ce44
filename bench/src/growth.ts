/**
 * Whether a long run needs more and more memory: what is in use at the end of the last step of a short and of
 * a long run, with a progress bar and a journal.
 *
 * Goals: over 10,000 steps not one tensor more, and at most 32 bytes a step: an object kept for each step would take
 * more. Some two bytes a step are code that V8 goes on to compile.
 */
import { benchmark, type Case } from './frame/benchmark.ts'
import { flags } from './frame/flags.ts'
import { atMost, type Goal, type Results } from './frame/results.ts'
import { kilobytesInUse, tensorsInUse } from './growth/in-use.ts'
import { afterSteps, afterStepsWithoutTensors, type Measure } from './growth/runs.ts'

/** By then most code is compiled, and buffers and tables have their sizes. */
const short = flags.quick ? 20 : 5_000
const more = flags.quick ? 20 : 10_000
const lengths = [short, short + more]

const tensors = (steps: number): string => `tensors, step ${steps}`
const kilobytes = (steps: number): string => `kB, step ${steps}`

const subjects = {
  'on cpu': (steps: number, measure: Measure) => afterSteps('cpu', steps, measure),
  'on wasm': (steps: number, measure: Measure) => afterSteps('wasm', steps, measure),
  'without tensors': afterStepsWithoutTensors,
}
const names = Object.keys(subjects) as (keyof typeof subjects)[]

await benchmark({
  name: 'growth',
  unit: 'in use',
  rounds: 3,
  cases: names.flatMap((name) => lengths.flatMap((steps) => casesOf(name, steps))),
  goals: (results) => names.flatMap((name) => goalsOf(name, results)),
})

function casesOf(subject: keyof typeof subjects, steps: number): Case[] {
  const after = subjects[subject]
  const heap = { subject, setting: kilobytes(steps), measure: () => after(steps, kilobytesInUse) }
  const device = { subject, setting: tensors(steps), measure: () => after(steps, tensorsInUse) }
  return subject === 'without tensors' ? [heap] : [device, heap]
}

function goalsOf(subject: keyof typeof subjects, results: Results): Goal[] {
  const growth = (setting: (steps: number) => string): number =>
    results.of(subject, setting(short + more)) - results.of(subject, setting(short))
  const bytes = atMost(32, `growth ${subject}`, (1024 * growth(kilobytes)) / more, 'bytes per step')
  if (subject === 'without tensors') return [bytes]
  return [atMost(0, `growth ${subject}`, growth(tensors), 'tensors'), bytes]
}
