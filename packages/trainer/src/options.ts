import type { Hook, Request, Trigger, Values } from '@hookstep/catalogue'
import type { AbortSignalLike, EventBus } from '@hookstep/core'
import type { Backend } from './backend.ts'
import type { Data } from './data.ts'
import type { ProcessGroup } from './process-group.ts'
import type { Schedule } from './schedules.ts'

/** When to train and on what. How to train is the backend's task; what watches is a hook. */
export interface TrainerOptions {
  /** Computes: `wasm(task)`, for example. */
  readonly backend: Backend
  /** The training data: a dataset, or any iterable of batches. */
  readonly data: Data
  /** Length of the run in steps; or */
  readonly steps?: number
  /** in passes over the data. One of the two is needed; with both, what comes first ends the run. */
  readonly epochs?: number
  /** Samples in a microbatch of one rank. Only for datasets. Default 32. */
  readonly batchSize?: number
  /** Microbatches per step and rank. Default 1. */
  readonly accumulate?: number
  /** Draw a new order each epoch, from the seed. Only for datasets. Default true. */
  readonly shuffle?: boolean
  /** What becomes of samples that do not fill an epoch's last step: a smaller, correctly weighted step, or none. Default `keep`. */
  readonly lastBatch?: 'keep' | 'drop'
  /** Batches that are fetched ahead. Default 1. */
  readonly prefetch?: number
  /** A number, or a schedule. Default 0.001. */
  readonly learningRate?: number | Schedule
  /** Gradients are scaled down to this global norm. Default: no clipping. */
  readonly maxGradientNorm?: number
  /** Evaluation during and after training. */
  readonly evaluate?: EvaluateOptions
  /** When `train.log` carries a step's numbers. Default `every('10 steps', { last: true })`. */
  readonly log?: Trigger
  /** What a loss that is not finite does: end the run with an error, or skip the step. Default `stop`. */
  readonly nonFiniteLoss?: 'stop' | 'skip'
  /** Seeds parameters, data order and everything else that is random. Default 0. */
  readonly seed?: number
  /** What watches, in the order it is to be told. */
  readonly hooks?: readonly Hook[]
  /** A bus of your own to deliver the events. Default: one of the run's. */
  readonly bus?: EventBus
  /** Ends the run at once when it aborts. */
  readonly signal?: AbortSignalLike
  /** The processes that train together. Default: this one alone. */
  readonly distributed?: ProcessGroup
  /** Milliseconds that the run waits for a handler's promise before it fails. Default 300,000. Not with a bus of your own. */
  readonly handlerTimeoutMs?: number
}

export interface EvaluateOptions {
  readonly data: Data
  /** Default `every('1 epoch', { last: true })`. */
  readonly when?: Trigger
  /** Samples in a batch of one rank. Only for datasets. Default: the training's. */
  readonly batchSize?: number
}

/** What became of a run. */
export interface RunSummary {
  readonly outcome: 'finished' | 'stopped'
  /** Why it stopped, and who asked. */
  readonly reason?: string
  readonly requestedBy?: string
  readonly steps: number
  /** Passes over the data, the last one in part. */
  readonly epochs: number
  readonly samples: number
  readonly seconds: number
  readonly skippedSteps: number
  /** The last logged values. */
  readonly lastLog?: Values
  /** The values of the last evaluation. */
  readonly lastEvaluation?: Values
  /** Where JavaScript waited for the device: readings of losses, norms, metrics and outputs. */
  readonly hostSyncs: number
  /** Every request that was made, with who and why. */
  readonly requests: readonly Request[]
  readonly warnings: readonly string[]
}
