/** The same in a real run on a backend without tensors: what a step takes longer. */
import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { every, type Hook, train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { flags } from '../frame/flags.ts'
import { callbackCount, counting, kinds, type Subject, seen, stepEvents } from './subjects.ts'

const steps = flags.quick ? 20 : 500
const repeats = flags.quick ? 1 : 10

/** Microseconds per event and callback. */
export async function timeInRun({ hooks }: Subject): Promise<number> {
  return (await addedMicroseconds(hooks)) / (stepEvents.length * callbackCount)
}

/** Calls of methods in a step of two microbatches that is logged. */
const callsPerStep = 9

/** Microseconds per call of a `TrainerCallback`, all of whose methods within a step are overridden. */
export async function timeCallbacks(): Promise<number> {
  const all = () => [callbacks(Array.from({ length: callbackCount }, () => new Counting()))]
  return (await addedMicroseconds(all)) / (callsPerStep * callbackCount)
}

/** Microseconds that a step takes longer where 15 handlers of 8 hooks are hooks' than where they are only on the bus. */
export async function timeTiming(): Promise<number> {
  const names = Array.from({ length: callbackCount }, (_, number) => `hook-${number}`)
  const asHooks = () => timed(names.map(counting), new EventBus())
  const onBus = () => {
    const bus = new EventBus()
    for (const _ of names) for (const event of kinds) bus.subscribe(event, count)
    return timed([], bus)
  }
  const [timedHooks, untimed] = await leastOf(asHooks, onBus)
  return timedHooks - untimed
}

function count(context: object): void {
  seen.calls++
  seen.steps += (context as { readonly step: number }).step
}

class Counting extends TrainerCallback {
  override onStepBegin(context: TrainingContext): void {
    count(context)
  }
  override onBeforeForward(context: TrainingContext): void {
    count(context)
  }
  override onAfterBackward(context: TrainingContext): void {
    count(context)
  }
  override onPreOptimizerStep(context: TrainingContext): void {
    count(context)
  }
  override onOptimizerStep(context: TrainingContext): void {
    count(context)
  }
  override onLog(context: TrainingContext): void {
    count(context)
  }
  override onStepEnd(context: TrainingContext): void {
    count(context)
  }
}

/** What hooks add to a step that tells all of its events to a listener already: contexts are made in any case. */
async function addedMicroseconds(hooks: () => readonly Hook[]): Promise<number> {
  const listening = () => {
    const bus = new EventBus()
    for (const event of kinds) bus.subscribe(event, () => {})
    return bus
  }
  const [added, bare] = await leastOf(
    () => timed(hooks(), listening()),
    () => timed([], listening()),
  )
  return added - bare
}

/** Of runs in turn in one process, so that the compiler settles and a slow moment does not decide. */
async function leastOf(
  one: () => Promise<number>,
  other: () => Promise<number>,
): Promise<readonly [number, number]> {
  const least: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let repeat = 0; repeat < repeats; repeat++) {
    least[0] = Math.min(least[0], await one())
    least[1] = Math.min(least[1], await other())
  }
  return least
}

/** Microseconds per step, until the hooks have been told everything: the end of a run waits for what is queued. */
async function timed(hooks: readonly Hook[], bus: EventBus): Promise<number> {
  const trainer = new Trainer({
    backend: plainBackend(),
    data: line(),
    steps,
    batchSize: 1,
    accumulate: 2,
    log: every('1 step'),
    bus,
    hooks,
  })
  let beganAt = 0
  bus.subscribe(train.ready, () => {
    beganAt = performance.now()
  })
  const { incidents } = await trainer.train()
  const milliseconds = performance.now() - beganAt
  await trainer.close()
  if (Object.keys(incidents).length > 0) throw new Error(`hooks were not told: ${JSON.stringify(incidents)}`)
  return (1000 * milliseconds) / steps
}
