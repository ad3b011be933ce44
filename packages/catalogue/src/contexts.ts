import type { Distributed, Progress } from './progress.ts'
import type { InferenceState, Json, NamedArrays, RunState } from './state.ts'

/** What every context tells. Contexts are immutable; live objects come with the configuration events. */
export interface RunContext {
  /** This process among the run's processes. */
  readonly distributed: Distributed
}

export interface DataLoaderContext extends RunContext {
  /** The data as it was given to the trainer. */
  readonly data: unknown
  /** Samples in an epoch, of all ranks together, where that is known. */
  readonly samplesPerEpoch: number | undefined
  /** Steps in an epoch, where that is known. */
  readonly stepsPerEpoch: number | undefined
}

/**
 * Numbers that live in the backend, handed over as plain arrays by name: for handlers that the run waits for. A
 * hook in the background would meet them in the middle of a step. Every call copies all of them between device
 * and host: a host sync, and on a large model much memory.
 */
export interface LiveArrays {
  /** A copy of all of them. */
  read(): Promise<NamedArrays>
  /**
   * Puts others in their place; with several ranks, every rank must write the same.
   *
   * @throws Error where names, shapes or types differ from those read, naming the array.
   */
  write(arrays: NamedArrays): Promise<void>
}

export interface ModelContext extends RunContext {
  /** The backend's name, such as `wasm`. */
  readonly backend: string
  /** The live model, as its task made it: a `tf.LayersModel`, for example. */
  readonly model: unknown
  /** How many numbers are learned. */
  readonly parameterCount: number
  /**
   * What is learned; behind it what else the model keeps, such as the statistics of a normalisation. Until the
   * run has closed. Optimizer slots and random streams stay as they are when parameters are written.
   */
  readonly parameters: LiveArrays
}

export interface OptimizerContext extends RunContext {
  /** The live optimizer, as the task made it. */
  readonly optimizer: unknown
  /**
   * The gradients of the step under way, named like the parameters. There at `train.forward_backward.post` (this
   * rank's sum), `train.optimizer_step.pre` and `train.optimizer_step.post` (final); at any other event, reading
   * or writing them is an error.
   */
  readonly gradients: LiveArrays
}

export interface ScheduleContext extends RunContext {
  /** The learning rate of a step, counted from 1, as hooks adjust it by now. */
  readonly learningRate: (step: number) => number
  /**
   * Lets a hook change the learning rate: the scheduled one of every step passes through `change` as the step begins,
   * through those of earlier hooks first. What `change` goes by beyond its arguments is the hook's to persist, and
   * must be the same on every rank. To be called while the event is delivered.
   */
  readonly adjust: (change: (rate: number, step: number) => number) => void
}

export interface RestoreContext extends RunContext {
  /**
   * Puts the run where a saved one was: parameters, counters, data position, hooks' states. Of a state that
   * is refused the next can be tried; where a hook refused its part of it, the next must be, or the run fails. With
   * several ranks, each restores its own state of the same step.
   *
   * @throws Error when the state does not fit, or when `train.restore` is over.
   */
  restore(state: RunState): Promise<void>
  /**
   * The least number that any rank names: with it ranks settle on a step that each can restore. Every rank calls
   * it equally often.
   */
  agree(value: number): Promise<number>
}

export interface InferenceRestoreContext extends RunContext {
  /** Goes on where a saved inference stood. @throws Error when the state does not fit, or the event is over. */
  restore(state: InferenceState): Promise<void>
  /** The least number that any rank names. Every rank calls it equally often. */
  agree(value: number): Promise<number>
}

export interface InferenceCheckpointContext extends CheckpointPreContext {
  readonly samples: number
  /** Copies everything that this rank needs to continue from here. To be called while the event is delivered. */
  capture(): Promise<InferenceState>
}

/** Numbers that a hook has measured. */
export interface MeasuredContext extends RunContext {
  readonly step: number
  readonly progress: Progress
  /** What they are about, in one word: `system`, `statistics`. Whoever writes them down puts it before their names. */
  readonly source: string
  readonly values: Values
}

/** What can be looked at. */
export type Media =
  | { readonly kind: 'text'; readonly text: string }
  /** Pixels row by row, each of 1 (grey), 3 (red, green, blue) or 4 bytes (and opacity). */
  | {
      readonly kind: 'image'
      readonly width: number
      readonly height: number
      readonly channels: 1 | 3 | 4
      readonly data: Uint8Array
    }
  /** `counts[i]` values lie between `edges[i]` and `edges[i + 1]`. */
  | { readonly kind: 'histogram'; readonly edges: readonly number[]; readonly counts: readonly number[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly (string | number | boolean | null)[])[]
    }

/** Something to look at. */
export interface MediaContext extends RunContext {
  readonly step: number
  readonly progress: Progress
  /** Where it belongs, such as `samples` or `gradients/dense/kernel`: one name over many steps is one series. */
  readonly name: string
  readonly media: Media
}

/** A handler failed without ending the run. */
export interface HookFailedContext extends RunContext {
  readonly hook: string
  /** The event that it failed at, or `cleanup`. */
  readonly at: string
  readonly error: unknown
}

/** Events that a hook was not told of. */
export interface HookDroppedContext extends RunContext {
  readonly hook: string
  readonly at: string
  /** How many. */
  readonly count: number
  readonly reason: string
}

/** A handler has kept the run waiting for long. */
export interface HookSlowContext extends RunContext {
  readonly hook: string
  readonly at: string
  readonly seconds: number
}

export interface ReadyContext extends RunContext {
  readonly progress: Progress
}

export interface EpochContext extends RunContext {
  /** Counted from 1. */
  readonly epoch: number
  readonly progress: Progress
}

export interface StepContext extends RunContext {
  /** Counted from 1. Every event of the n-th step says n. */
  readonly step: number
  /** Counted from 1. */
  readonly epoch: number
  readonly progress: Progress
  /** The learning rate of this step. */
  readonly learningRate: number
  /**
   * The loss of this step: the mean over its samples; with several ranks, this rank's part of it (0 where
   * it has no sample). Waits for the device: a host sync. Known from `train.forward_backward.post` until `train.step.post`.
   *
   * @throws Error outside of that time.
   */
  loss(): Promise<number>
  /**
   * The global norm of the gradients before clipping. A host sync. Known from
   * `train.optimizer_step.pre` until `train.step.post`; `undefined` where nothing clips.
   */
  gradientNorm(): Promise<number | undefined>
}

export interface BatchContext extends StepContext {
  /** Which microbatch of the step, counted from 1. */
  readonly microbatch: number
}

export interface FetchedBatchContext extends BatchContext {
  /** What the data gave: plain arrays by name. */
  readonly batch: unknown
  /** Samples in it. */
  readonly size: number
}

/** Plain numbers by name, such as `{ loss: 0.25, accuracy: 0.91 }`. */
export type Values = Readonly<Record<string, number>>

export interface LogContext extends RunContext {
  /** The step these numbers belong to; at most the current one. */
  readonly step: number
  readonly epoch: number
  /** Progress at the end of that step. */
  readonly progress: Progress
  /**
   * `loss` (the mean over the global batch), `learning_rate`, `gradient_norm` where gradients are clipped, and
   * the task's metrics, where it was known before the forward pass that the step would be logged.
   */
  readonly values: Values
}

export interface EvaluateContext extends RunContext {
  /** The step whose parameters are evaluated. */
  readonly step: number
  readonly progress: Progress
  /** Batches to come, where that is known. */
  readonly batches: number | undefined
}

export interface EvaluateStepContext extends EvaluateContext {
  /** Which batch of the evaluation, counted from 1. */
  readonly batch: number
  /** Samples in it. */
  readonly size: number
  /** What the data gave. */
  readonly data: unknown
  /** The model's outputs for the batch, as plain arrays. A host sync; known at `evaluate.step.post` only. */
  outputs(): Promise<Outputs>
}

/** A plain array and its shape; the first dimension counts samples. */
export interface Outputs {
  readonly data: ArrayLike<number>
  readonly shape: readonly number[]
}

export interface EvaluatedContext extends EvaluateContext {
  /** `loss` and the task's metrics, means over all samples of all ranks. */
  readonly values: Values
}

/** What training and inference say alike of a checkpoint to be taken. */
export interface CheckpointPreContext extends RunContext {
  /** The last step that is complete. */
  readonly step: number
  /** Who asked for a checkpoint at this step, and why. */
  readonly requests: readonly Request[]
}

export interface CheckpointContext extends CheckpointPreContext {
  readonly progress: Progress
  /** Whether a further step is under way: somebody asked to save at once. */
  readonly isWithinStep: boolean
  /**
   * Copies everything that this rank needs to continue from here. Delivers the log entries that are late, and
   * waits for the device: a host sync. To be called while the event is delivered.
   */
  capture(): Promise<RunState>
}

export interface CommittedContext extends RunContext {
  readonly step: number
  /** Where the checkpoint lies, as its store names it. */
  readonly location: string
}

export interface RejectedContext extends RunContext {
  readonly location: string
  /** Why it was not used. */
  readonly reason: string
}

export interface FinishedContext extends RunContext {
  readonly progress: Progress
}

export interface StoppedContext extends RunContext {
  readonly progress: Progress
  readonly reason: string
  /** The hook that asked; or `signal`, or `another rank`. */
  readonly requestedBy: string
  /** Whether it ended at once (a signal, or a request to stop now) rather than after what was due. */
  readonly aborted: boolean
}

export interface FailedContext extends RunContext {
  readonly progress: Progress
  readonly error: unknown
  /** The event, or the part of the run, that failed. */
  readonly at: string
  /**
   * Copies the run where it failed, as far as it had come: handlers of the event that failed are told of it again
   * by a run that goes on from there, unless that was `train.checkpoint`: its step is complete. To be called while
   * the event is delivered.
   *
   * @throws Error where there is nothing to go on from: before `train.ready`, or when an update of the parameters
   *   broke off.
   */
  capture(): Promise<RunState>
}

export interface ClosedContext extends RunContext {
  readonly progress: Progress
  readonly outcome: 'finished' | 'stopped' | 'failed'
}

/** What a hook may ask of a run. */
export type RequestKind = 'stop' | 'save' | 'evaluate' | 'log' | 'skipStep'

/** A request, with who made it, when and why. */
export interface Request {
  readonly kind: RequestKind
  readonly reason: string
  /** Whether it was not to wait for the end of the step. */
  readonly now?: boolean
  /** The hook that asked; or `signal`, `nonFiniteLoss`, `another rank`, or `caller`. */
  readonly requestedBy: string
  /** The step under way when it was made; 0 before the first. */
  readonly step: number
}

export interface ConfigurationContext extends RunContext {
  /** Every option as it was resolved. */
  readonly configuration: Json
}

/** An inference step: one batch. */
export interface InferenceStepContext extends RunContext {
  /** Counted from 1. */
  readonly step: number
  /** Samples seen before this step, by all ranks together. */
  readonly samples: number
}

/** What a rank passes through the model in an inference step. */
export interface InferenceForwardContext extends InferenceStepContext {
  /** Samples in it. */
  readonly size: number
  /** What the data gave. */
  readonly data: unknown
  /** The model's outputs for the batch, as plain arrays, which all share; known at `inference.forward.post` only. */
  outputs(): Promise<Outputs>
}

export interface InferenceReadyContext extends RunContext {
  /** Steps done by the run that this one continues. */
  readonly step: number
}

export interface InferenceEndContext extends RunContext {
  readonly step: number
  readonly samples: number
}

export interface InferenceStoppedContext extends InferenceEndContext {
  readonly reason: string
  /** The hook that asked; or `signal`, `another rank`, or `caller`: what takes the outputs, or runs the inference. */
  readonly requestedBy: string
  /** Whether it ended at once: outputs that were not delivered then are not counted. */
  readonly aborted: boolean
}

export interface InferenceFailedContext extends InferenceEndContext {
  readonly error: unknown
  /** The event that failed, or `receive`: what takes the outputs. */
  readonly at: string
}

export interface InferenceClosedContext extends InferenceEndContext {
  readonly outcome: 'finished' | 'stopped' | 'failed'
}
