import { defineEvent, definePhase, type Event, type Phase } from '@hookstep/core'
import type { EvaluateContext, EvaluatedContext, EvaluateStepContext } from './contexts.ts'

/** An evaluation begins; pending log values have been delivered. */
export const pre: Event<EvaluateContext> = defineEvent('evaluate.pre')

/**
 * One batch of an evaluation.
 *
 * - `pre`: the batch is here; the model has not seen it.
 * - `post`: its outputs can be read.
 */
export const step: Phase<EvaluateStepContext> = definePhase('evaluate.step')

/** The evaluation is complete, its values are final. Does not come when it was aborted. */
export const post: Event<EvaluatedContext> = defineEvent('evaluate.post')
