import type { Batch, NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { Learner } from './learner.ts'
import type { ResolvedLoss } from './losses.ts'
import type { MetricFunction, ResolvedMetrics } from './metrics.ts'
import { shapeText } from './shapes.ts'
import type { TensorBatch } from './task.ts'

/** What is computed from a batch, before it is learned from. All of it is to be called within a `tidy`. */
export class Forward {
  readonly #learner: Learner
  readonly #loss: ResolvedLoss
  readonly #metrics: ResolvedMetrics

  constructor(learner: Learner, loss: ResolvedLoss, metrics: ResolvedMetrics) {
    this.#learner = learner
    this.#loss = loss
    this.#metrics = metrics
  }

  /** @throws Error where the task's function fails, with the shapes that it was given. */
  outputs(tensors: TensorBatch, training: boolean): tf.Tensor {
    const outputs = explained(
      () => this.#learner.forward(tensors, training),
      () => `forward() failed on a batch of ${shapes(tensors)}`,
    )
    if (outputs instanceof tf.Tensor) return outputs
    throw new Error(`forward() returned ${describe(outputs)}; it must return a tensor`)
  }

  /** The mean loss over the batch's samples, and the penalties. */
  loss(batch: Batch, tensors: TensorBatch, outputs: tf.Tensor): tf.Scalar {
    this.#loss.check(batch.targets as NdArray, outputs)
    const loss = number('loss', this.#loss.compute, tensors, outputs)
    return this.#learner.penalties().reduce((sum, penalty) => tf.add(sum, penalty) as tf.Scalar, loss)
  }

  metrics(tensors: TensorBatch, outputs: tf.Tensor): [name: string, value: tf.Scalar][] {
    return this.#metrics.map(([name, compute]) => [
      name,
      number(`metrics.${name}`, compute, tensors, outputs),
    ])
  }
}

function number(what: string, compute: MetricFunction, tensors: TensorBatch, outputs: tf.Tensor): tf.Scalar {
  const value = explained(
    () => compute(tensors.targets, outputs, tensors),
    () => `${what} failed on outputs ${shapeText(outputs.shape)} and a batch of ${shapes(tensors)}`,
  )
  if (value instanceof tf.Tensor && value.rank === 0 && value.dtype === 'float32')
    return ownedBySession(value)
  throw new Error(
    `${what} returned ${describe(value)}; it must return a float32 scalar: the mean over the samples`,
  )
}

/** What the task keeps for itself must not be released with the numbers of a step. */
function ownedBySession(value: tf.Scalar): tf.Scalar {
  const isKept = (value as { kept?: boolean }).kept === true || value instanceof tf.Variable
  return isKept ? tf.clone(value) : value
}

function explained<Result>(compute: () => Result, what: () => string): Result {
  try {
    return compute()
  } catch (error) {
    throw new Error(`${what()}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function shapes(tensors: TensorBatch): string {
  return Object.entries(tensors)
    .map(([name, tensor]) => `${name} ${shapeText(tensor.shape)}`)
    .join(', ')
}

function describe(value: unknown): string {
  if (value instanceof tf.Tensor) return `a ${value.dtype} tensor of shape ${shapeText(value.shape)}`
  if (value instanceof Promise) return 'a promise'
  return Array.isArray(value) ? 'an array' : `${value}`
}
