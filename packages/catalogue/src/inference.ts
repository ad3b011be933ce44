import { defineEvent, definePhase, type Event, type Phase } from '@hookstep/core'
import type {
  InferenceCheckpointContext,
  InferenceClosedContext,
  InferenceEndContext,
  InferenceFailedContext,
  InferenceForwardContext,
  InferenceReadyContext,
  InferenceRestoreContext,
  InferenceStepContext,
  InferenceStoppedContext,
} from './contexts.ts'

export * as configuration from './inference-configuration.ts'

/** The parameters are there; a saved inference may be continued now, with `context.restore(state)`. */
export const restore: Event<InferenceRestoreContext> = defineEvent('inference.restore')

/** The parameters are final; the first batch is next. */
export const ready: Event<InferenceReadyContext> = defineEvent('inference.ready')

/**
 * One batch.
 *
 * - `pre`: nothing of this step has happened.
 * - `post`: its outputs are delivered.
 */
export const step: Phase<InferenceStepContext> = definePhase('inference.step')

/**
 * The forward pass of a step. A rank that has no batch of it has none.
 *
 * - `pre`: the batch is here; the model has not seen it.
 * - `post`: its outputs are there, and not delivered yet.
 */
export const forward: Phase<InferenceForwardContext> = definePhase('inference.forward')

/**
 * The moment for checkpoints: the outputs of this step are delivered, and requests have not been decided. It comes
 * once more where a step turns out to be the last only afterwards, and where a save is asked for at once while the
 * data has nothing to give.
 */
export const checkpoint: Event<InferenceCheckpointContext> = defineEvent('inference.checkpoint')

/** All data is done. */
export const finished: Event<InferenceEndContext> = defineEvent('inference.finished')

/** Inference ended early because somebody asked. */
export const stopped: Event<InferenceStoppedContext> = defineEvent('inference.stopped')

/** Inference failed. */
export const failed: Event<InferenceFailedContext> = defineEvent('inference.failed')

/** The run is over, however it ended: always, exactly once, hooks in reverse order. */
export const closed: Event<InferenceClosedContext> = defineEvent('inference.closed', { lastFirst: true })
