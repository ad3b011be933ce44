import type * as tf from '@tensorflow/tfjs'
import type { Optimizer } from './optimizer.ts'
import type { ElementProgram, Program } from './program.ts'

/*
 * Two kernels by which an engine can carry out updates in few passes. They take tensors only, so that a
 * step can be recorded and replayed. An engine without them uses TensorFlow.js operations.
 */

/**
 * Begins a step: brings the step slots forward, in place, and makes the vector of the step's numbers.
 *
 * - Inputs: `learningRate` and each step slot by its name, scalars.
 * - Output: a float32 vector, the values of `program.stepTerms`.
 */
export const stepKernel = 'HookstepOptimizerStep'

export interface StepAttributes {
  readonly optimizer: Optimizer
  readonly program: Program
}

/**
 * Updates one parameter, and its slots in place. Readings of a slot that have begun must see its old values.
 *
 * - Inputs: `parameter`, `gradient`, `step` (what the step kernel made), and `slot0`, `slot1`, ….
 * - Output: the new parameter, a tensor of its own: snapshots of the old one stay valid.
 */
export const updateKernel = 'HookstepOptimizerUpdate'

export interface UpdateAttributes {
  readonly program: ElementProgram
}

/** Attributes as TensorFlow.js passes them on, unseen. */
export function asAttributes(attributes: StepAttributes | UpdateAttributes): tf.NamedAttrMap {
  return attributes as unknown as tf.NamedAttrMap
}
