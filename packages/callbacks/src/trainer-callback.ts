import type { Json } from '@hookstep/catalogue'
import type { TrainingContext } from './training-context.ts'

/** The methods of a callback, in the order in which a run comes to them for the first time. */
export const callbackMethods = [
  'onTrainBegin',
  'onEpochBegin',
  'onStepBegin',
  'onBeforeForward',
  'onAfterBackward',
  'onPreOptimizerStep',
  'onOptimizerStep',
  'onLog',
  'onEvaluate',
  'onStepEnd',
  'onSave',
  'onEpochEnd',
  'onTrainEnd',
] as const

export type CallbackMethod = (typeof callbackMethods)[number]

/**
 * What a callback may ask of the run. The run decides at the end of the step under way, or of a later one where the
 * callback is called in the background; `stop` ends it after what is due then. With several ranks, all of them do what any
 * of them asks for. The request carries the name of the callback's class.
 */
export interface Control {
  /** Ends the run. */
  stop(reason: string): void
  /** Asks for a checkpoint. */
  save(reason: string): void
  /** Asks for an evaluation. */
  evaluate(reason: string): void
  /** Asks that a step's numbers are logged. */
  log(): void
}

/**
 * The base of class-based callbacks. Override what you need: a method that is not overridden costs nothing. A returned
 * promise is awaited before the callback's next call, not by the run.
 *
 * ```ts
 * class Milestones extends TrainerCallback {
 *   override onLog({ step, loss, isWorldProcessZero }: TrainingContext) {
 *     if (isWorldProcessZero) console.log(`step ${step}: ${loss}`)
 *   }
 *   override onTrainEnd({ outcome }: TrainingContext) {
 *     if (outcome?.kind === 'failed') console.log('failed', outcome.error)
 *   }
 * }
 *
 * const hooks = [callbacks([new Milestones()])]
 * ```
 *
 * On several ranks every method is called on every rank: ask `isWorldProcessZero` before you write or send anything.
 */
export class TrainerCallback {
  /** The state is final, restored or fresh; the first step is next. */
  onTrainBegin?(context: TrainingContext, control: Control): unknown
  /**
   * The run is over, however it ended: exactly once, with `context.outcome`. It is called even where the run failed before
   * `onTrainBegin`.
   */
  onTrainEnd?(context: TrainingContext, control: Control): unknown
  /** A pass over the data begins. A run that resumes within an epoch has this as well. */
  onEpochBegin?(context: TrainingContext, control: Control): unknown
  /** The epoch's batches are consumed. Not called for an epoch that the run ends within. */
  onEpochEnd?(context: TrainingContext, control: Control): unknown
  /** Nothing of the step has happened; the learning rate is this step's. */
  onStepBegin?(context: TrainingContext, control: Control): unknown
  /** Updated; logged and evaluated where that was due. */
  onStepEnd?(context: TrainingContext, control: Control): unknown
  /** Before the forward pass of each microbatch. */
  onBeforeForward?(context: TrainingContext, control: Control): unknown
  /** After the backward pass of each microbatch: its gradients are added. */
  onAfterBackward?(context: TrainingContext, control: Control): unknown
  /** Gradients are final: averaged over the global batch, and clipped. Not called for a step that is skipped. */
  onPreOptimizerStep?(context: TrainingContext, control: Control): unknown
  /** The parameters are new; the gradients are still there, and the learning rate has not advanced. */
  onOptimizerStep?(context: TrainingContext, control: Control): unknown
  /** Numbers of a step, in `context.logs`. On a late device they come some steps after their own. */
  onLog?(context: TrainingContext, control: Control): unknown
  /** An evaluation is complete; its values are in `context.valMetrics`. */
  onEvaluate?(context: TrainingContext, control: Control): unknown
  /** A checkpoint is durable, at `context.checkpointPath`. */
  onSave?(context: TrainingContext, control: Control): unknown

  /**
   * What the callback keeps across a stop and a resume, as JSON. Saved with every checkpoint, by the class's name; of
   * several of one class, by their order.
   */
  saveState?(): Json
  /** Receives what `saveState` returned, before `onTrainBegin`. */
  loadState?(state: Json): void
}

/** A callback, or its class where that is made without arguments. */
export type CallbackSource = TrainerCallback | (new () => TrainerCallback)

/**
 * The callback itself, or one of the class.
 *
 * @throws TypeError where there is nothing to call.
 */
export function toCallback(source: CallbackSource): TrainerCallback {
  const callback = typeof source === 'function' ? made(source) : source
  if (typeof callback !== 'object' || callback === null) {
    throw new TypeError(`callbacks: ${String(callback)} is no callback; give new MyCallback()`)
  }
  if (overriddenMethods(callback).length === 0) {
    throw new TypeError(
      `callbacks: ${nameOf(callback)} has none of the methods ${callbackMethods.join(', ')}`,
    )
  }
  if ((callback.saveState === undefined) !== (callback.loadState === undefined)) {
    throw new TypeError(
      `callbacks: ${nameOf(callback)} needs both saveState() and loadState(state), or neither`,
    )
  }
  return callback
}

function made(source: new () => TrainerCallback): TrainerCallback {
  try {
    return new source()
  } catch (error) {
    const name = source.name || 'MyCallback'
    throw new TypeError(
      `callbacks: new ${name}() failed: ${error}; of a class that takes arguments, give one that is made: new ${name}(…)`,
      { cause: error },
    )
  }
}

export function overriddenMethods(callback: TrainerCallback): CallbackMethod[] {
  return callbackMethods.filter((method) => typeof callback[method] === 'function')
}

/** The name of its class. */
export function nameOf(callback: TrainerCallback): string {
  return callback.constructor?.name || 'callback'
}
