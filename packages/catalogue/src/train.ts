import { defineEvent, definePhase, type Event, type Phase } from '@hookstep/core'
import type {
  BatchContext,
  CheckpointContext,
  ClosedContext,
  EpochContext,
  FailedContext,
  FetchedBatchContext,
  FinishedContext,
  LogContext,
  ReadyContext,
  RestoreContext,
  StepContext,
  StoppedContext,
} from './contexts.ts'

export * as configuration from './train-configuration.ts'

/** Everything is built; a saved state may be put back now, with `context.restore(state)`. */
export const restore: Event<RestoreContext> = defineEvent('train.restore')

/** The state is final, restored or fresh; the first step is next. */
export const ready: Event<ReadyContext> = defineEvent('train.ready')

/**
 * One pass over the training data.
 *
 * - `pre`: the epoch's order is drawn; none of its batches has been fetched. A run that resumes in the
 *   middle of an epoch has this event as well.
 * - `post`: all of its batches are consumed. Does not come when the run stops before.
 */
export const epoch: Phase<EpochContext> = definePhase('train.epoch')

/**
 * One update of the parameters.
 *
 * - `pre`: nothing of this step has happened; the learning rate is this step's.
 * - `post`: updated, logged and evaluated where that was due; the step's loss can be read for the last time.
 */
export const step: Phase<StepContext> = definePhase('train.step')

/**
 * One fetch of data.
 *
 * - `pre`: the batch has not been taken from the data yet.
 * - `post`: the batch is here, on the host.
 */
export const batch: { readonly pre: Event<BatchContext>; readonly post: Event<FetchedBatchContext> } = {
  pre: defineEvent('train.batch.pre'),
  post: defineEvent('train.batch.post'),
}

/**
 * The forward and backward passes of a step, over all of its microbatches.
 *
 * - `pre`: gradients are zero.
 * - `post`: gradients are the sum over this rank's microbatches: not yet reduced over ranks, not yet clipped.
 */
export const forward_backward: Phase<StepContext> = definePhase('train.forward_backward')

/**
 * One forward and backward pass.
 *
 * - `pre`: before the forward pass.
 * - `post`: after the backward pass; the gradients of this microbatch are added.
 */
export const microbatch: Phase<FetchedBatchContext> = definePhase('train.microbatch')

/**
 * The optimizer's update. Does not come for a step that is skipped.
 *
 * - `pre`: gradients are final (averaged over the global batch, clipped); parameters are the old ones.
 * - `post`: parameters are the new ones; the gradients are still there; the learning rate has not advanced.
 */
export const optimizer_step: Phase<StepContext> = definePhase('train.optimizer_step')

/**
 * Plain numbers of a step, each with the step it belongs to: the current one, or an earlier one on
 * backends whose numbers come late (by a fixed number of steps). What is late comes before an evaluation,
 * when a checkpoint is captured, and at the end.
 */
export const log: Event<LogContext> = defineEvent('train.log')

/**
 * The moment for checkpoints: everything of this step is done, and requests have not been decided. Where a save was
 * asked for at once: before the next microbatch or evaluation batch (`context.isWithinStep`).
 */
export const checkpoint: Event<CheckpointContext> = defineEvent('train.checkpoint')

/** Training reached its end: all steps or epochs are done. */
export const finished: Event<FinishedContext> = defineEvent('train.finished')

/** Training ended early because somebody asked. What was due at the last step has happened, unless aborted. */
export const stopped: Event<StoppedContext> = defineEvent('train.stopped')

/** Training failed. The error reaches the caller of `train()` after `train.closed`. */
export const failed: Event<FailedContext> = defineEvent('train.failed')

/**
 * The run is over, however it ended: exactly once for every run whose hooks could be set up, hooks in reverse
 * order. Cleanups run after it.
 */
export const closed: Event<ClosedContext> = defineEvent('train.closed', { lastFirst: true })
