import type * as tf from '@tensorflow/tfjs'
import type { Parameter } from './parameters.ts'
import type { TensorBatch } from './task.ts'

/** What a session trains: a model or functions, seen alike. */
export interface Learner {
  /** As the task gave it, for hooks that need the live object. */
  readonly model: unknown
  /** What is learned, in a fixed order. */
  readonly parameters: readonly Parameter[]
  /** What changes without being learned, such as the statistics of batch normalisation. */
  readonly statistics: readonly Parameter[]
  /** Names, shapes without the first dimension, of the arrays that a batch must bring; undefined: not known. */
  readonly inputs: readonly InputShape[] | undefined
  forward(batch: TensorBatch, training: boolean): tf.Tensor
  /** What is added to the loss, such as penalties of regularizers. */
  penalties(): readonly tf.Scalar[]
  dispose(): void
}

/** An array that a batch must bring. `null` stands for any size; the first dimension counts samples. */
export interface InputShape {
  readonly name: string
  readonly shape: readonly (number | null)[]
}
