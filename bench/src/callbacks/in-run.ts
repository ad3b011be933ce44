/** The same in a real run on a backend without tensors, in microseconds per step. */
import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { every, type Hook, train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { flags } from '../frame/flags.ts'
import { callbackCount, kinds, seen } from './subjects.ts'

const steps = flags.quick ? 20 : 500
const repeats = flags.quick ? 1 : 10

/** With hooks, beside one listener at each event: contexts are made in any case. */
export async function timeHooks(hooks: () => readonly Hook[]): Promise<number> {
  return least(() => timed(hooks(), 0))
}

/** With so many handlers more at each event, which are only on the bus. */
export async function timeListeners(count: number): Promise<number> {
  return least(() => timed([], count))
}

/** With callbacks all of whose methods within a step are overridden. */
export async function timeCallbacks(): Promise<number> {
  return timeHooks(() => [callbacks(Array.from({ length: callbackCount }, () => new Counting()))])
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

/** Of several runs in one process, so that the compiler settles and a slow moment does not decide. */
async function least(run: () => Promise<number>): Promise<number> {
  let microseconds = Number.POSITIVE_INFINITY
  for (let repeat = 0; repeat < repeats; repeat++) microseconds = Math.min(microseconds, await run())
  return microseconds
}

/** Until the hooks have been told everything: the end of a run waits for what is queued. */
async function timed(hooks: readonly Hook[], listeners: number): Promise<number> {
  const bus = new EventBus()
  for (const event of kinds) {
    bus.subscribe(event, () => {})
    for (let number = 0; number < listeners; number++) bus.subscribe(event, count)
  }
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
