import { checkpoint, evaluate, type Run, type StepContext, train } from '@hookstep/catalogue'
import { defineEvent, type Event, type Unsubscribe } from '@hookstep/core'
import type { Known, RunFacts } from './run-facts.ts'
import { type CallbackMethod, callbackMethods } from './trainer-callback.ts'
import type { TrainingContext } from './training-context.ts'

/** When a method of callbacks is called. */
export interface Moment {
  /** What callbacks subscribe to, among themselves. */
  readonly event: Event<TrainingContext>
  /** Listens to the run, and makes one context for all callbacks. */
  follow(run: Run, facts: RunFacts, tell: (context: TrainingContext) => unknown): Unsubscribe
}

function at<Context extends object>(event: Event<Context>, know: (context: Context) => Known) {
  return (method: CallbackMethod): Moment => ({
    event: defineEvent(method),
    follow: (run, facts, tell) =>
      run.subscribe(event, (context) => tell(facts.context(method, know(context)))),
  })
}

const ofStep = ({ step, epoch, progress, learningRate }: StepContext): Known => ({
  step,
  epoch,
  progress,
  learningRate,
  isWithinStep: true,
})

const ofMicrobatch = (context: StepContext & { microbatch: number; size: number }): Known => ({
  ...ofStep(context),
  microbatch: context.microbatch,
  microbatchSamples: context.size,
})

const ways: Readonly<Record<CallbackMethod, (method: CallbackMethod) => Moment>> = {
  onTrainBegin: at(train.ready, ({ progress }) => ({ progress })),
  onEpochBegin: at(train.epoch.pre, ({ epoch, progress }) => ({ epoch, progress })),
  onStepBegin: at(train.step.pre, ofStep),
  onBeforeForward: at(train.microbatch.pre, ofMicrobatch),
  onAfterBackward: at(train.microbatch.post, ofMicrobatch),
  onPreOptimizerStep: at(train.optimizer_step.pre, ofStep),
  onOptimizerStep: at(train.optimizer_step.post, ofStep),
  onLog: at(train.log, ({ step, epoch, progress }) => ({ step, epoch, progress })),
  onEvaluate: at(evaluate.post, ({ step, progress }) => ({ step, progress })),
  onStepEnd: at(train.step.post, ofStep),
  onSave: at(checkpoint.committed, ({ step }) => ({ step })),
  onEpochEnd: at(train.epoch.post, ({ epoch, progress }) => ({ epoch, progress })),
  // The last event of a run, so that it comes once, and behind the last checkpoint.
  onTrainEnd: at(train.closed, ({ progress, outcome }) => ({ progress, ended: outcome })),
}

/** By the methods' names. They mean what Hugging Face's callbacks of the same names mean. */
export const moments: Readonly<Record<CallbackMethod, Moment>> = Object.fromEntries(
  callbackMethods.map((method) => [method, ways[method](method)]),
) as Record<CallbackMethod, Moment>
