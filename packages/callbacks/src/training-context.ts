import type { Values } from '@hookstep/catalogue'
import type { CallbackMethod } from './trainer-callback.ts'

/**
 * What a callback's methods receive: plain values, as they stood when it happened. It is frozen, and stays true
 * however late the callback comes to read it. Nothing of it was read from the device for the callback's sake.
 */
export interface TrainingContext {
  /** The method that is called. */
  readonly hookName: CallbackMethod

  // -- how far the run has come

  /**
   * The step it belongs to, counted from 1; 0 before the first. The same number from `onStepBegin` to `onStepEnd`.
   * For `onLog`, the step whose numbers these are; for `onSave`, the last complete step of the checkpoint.
   */
  readonly step: number
  /** The epoch under way, or the last one, counted from 1; 0 before the first. */
  readonly epoch: number
  /** Training samples of all ranks. Within a step: how many it will be at its end, where that is known. */
  readonly totalSamples: number
  /** Always `undefined`: what a token is, only the model knows. A task that counts them can log them as a metric. */
  readonly totalTokens: undefined
  /** Seconds since training began, those before a resume included. Within a step: at its beginning. */
  readonly elapsedSeconds: number
  /** Steps that the run will take, where that is known. */
  readonly maxSteps: number | undefined
  /** Epochs that the run was given; `undefined` where it was given steps only. */
  readonly maxEpochs: number | undefined

  // -- numbers, as they were last logged

  /** The step that `logs`, `loss`, `gradNorm` and `throughput` belong to; `undefined` before the first was logged. */
  readonly loggedStep: number | undefined
  /** What was last logged: `loss`, `learning_rate`, `gradient_norm` and the task's metrics. Empty before. */
  readonly logs: Values
  /** The mean over the global batch of the step last logged. */
  readonly loss: number | undefined
  /** Of the step under way; between steps, of the one last logged. */
  readonly learningRate: number | undefined
  /** The global norm of the gradients before clipping, of the step last logged; `undefined` where nothing clips. */
  readonly gradNorm: number | undefined
  /** Samples per second of all ranks, between the two steps last logged. */
  readonly throughput: number | undefined
  /** Always `undefined`: a run does not ask the device for its memory. */
  readonly deviceMemoryBytes: undefined
  /** `loss` and the task's metrics of the last evaluation, means over all its samples. Empty before the first. */
  readonly valMetrics: Values
  /** About the step under way. */
  readonly batchMetrics: BatchMetrics

  // -- where things are

  /** The last checkpoint that is durable, as its store names the place; `undefined` before the first. */
  readonly checkpointPath: string | undefined
  /** Always `undefined`: a run has no folder of its own. `checkpointPath` says where each checkpoint is. */
  readonly outputDir: undefined
  /** The model's own name, where it has one, as a `tf.LayersModel` has. */
  readonly modelName: string | undefined
  /** What computes, such as `wasm`. */
  readonly backend: string | undefined

  // -- this process among those of the run; callbacks are called on every one

  readonly worldSize: number
  /** Counted from 0. */
  readonly rank: number
  /** Rank among the processes of this machine, counted from 0. */
  readonly localRank: number
  /** For what is done once per machine. */
  readonly isLocalProcessZero: boolean
  /** For what is done once: writing files, sending messages. */
  readonly isWorldProcessZero: boolean

  /** What became of the run. Known in `onTrainEnd` only. */
  readonly outcome: TrainingOutcome | undefined
}

/** About the step under way; between steps there is nothing to tell. */
export interface BatchMetrics {
  /** Samples of the step, of all ranks, once they are known: those of a stream are not in `onStepBegin`. */
  readonly totalSamples: number | undefined
  /** Microbatches that make up a step on each rank; the last step of an epoch may have fewer. */
  readonly gradAccumSteps: number
  /** Which one, counted from 1. In `onBeforeForward` and `onAfterBackward` only. */
  readonly microbatch: number | undefined
  /** Samples of that microbatch, on this rank. */
  readonly microbatchSamples: number | undefined
  /** Always `undefined`, as `totalTokens` is. */
  readonly totalLength: undefined
  /** Always `undefined`, as `totalTokens` is. */
  readonly numLossCountedTokens: undefined
}

/** How a run ended. */
export type TrainingOutcome =
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'stopped'
      readonly reason: string
      /** The hook that asked; or `signal`, or `another rank`. */
      readonly requestedBy: string
      /** Whether it ended at once, rather than after what was due at the last step. */
      readonly aborted: boolean
    }
  | {
      readonly kind: 'failed'
      readonly error: unknown
      /** The event, or the part of the run, that failed. */
      readonly at: string
    }
