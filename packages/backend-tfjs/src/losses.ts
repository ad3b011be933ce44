import type { NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import { crossEntropyKernel } from './kernels/cross-entropy.ts'
import { sameShape, shapeText } from './shapes.ts'
import type { TensorBatch } from './task.ts'

/**
 * The losses that are built in. Each is one number, the mean over the batch's samples (over all positions,
 * where a sample has several).
 *
 * - `softmaxCrossEntropy`: outputs are logits `[…, classes]`, targets probabilities (or one-hot) of the same shape;
 * - `sparseSoftmaxCrossEntropy`: outputs are logits `[…, classes]`, targets whole numbers below `classes`, of shape `[…]`;
 * - `binaryCrossEntropy`: outputs are logits, targets probabilities of the same shape;
 * - `meanSquaredError`: outputs and targets of the same shape; the mean over their elements.
 *
 * Logits are what comes before a softmax or sigmoid: leave the last layer linear.
 */
export type LossName =
  | 'softmaxCrossEntropy'
  | 'sparseSoftmaxCrossEntropy'
  | 'binaryCrossEntropy'
  | 'meanSquaredError'

/** A loss of one's own: one number, the mean over the batch's samples. */
export type LossFunction = (targets: tf.Tensor, outputs: tf.Tensor, batch: TensorBatch) => tf.Scalar

export type Loss = LossName | LossFunction

/** A loss that is ready for use. */
export interface ResolvedLoss {
  compute: LossFunction
  /** Refuses targets that do not fit the outputs, naming both. */
  check(targets: NdArray, outputs: tf.Tensor): void
}

/** @throws Error on a name that does not exist. */
export function resolveLoss(loss: Loss): ResolvedLoss {
  if (typeof loss === 'function') return { compute: loss, check: () => {} }
  const builtIn = builtIns[loss]
  if (builtIn !== undefined) return builtIn
  throw new Error(
    `loss: '${loss}' does not exist: use one of ${Object.keys(builtIns).join(', ')}, or a function`,
  )
}

export function isLogitsLoss(loss: Loss): boolean {
  return typeof loss === 'string' && loss !== 'meanSquaredError'
}

/** A loss together with its gradient by the outputs. Computing both at once saves most of the work. */
type LossAndGradient = (targets: tf.Tensor, outputs: tf.Tensor) => [loss: tf.Scalar, gradient: tf.Tensor]

const softmaxCrossEntropy: LossAndGradient = (targets, logits) =>
  fusedCrossEntropy(targets, logits) ?? crossEntropy(tf.cast(targets, 'float32'), logits)

const sparseSoftmaxCrossEntropy: LossAndGradient = (labels, logits) => {
  const classes = logits.shape[logits.rank - 1] as number
  return (
    fusedCrossEntropy(labels, logits) ??
    crossEntropy(tf.cast(tf.oneHot(tf.cast(labels, 'int32'), classes), 'float32'), logits)
  )
}

/** By the engine's kernel, where it has one. */
function fusedCrossEntropy(targets: tf.Tensor, logits: tf.Tensor): [tf.Scalar, tf.Tensor] | undefined {
  if (!tf.getKernel(crossEntropyKernel, tf.getBackend())) return undefined
  return tf.engine().runKernel(crossEntropyKernel, { logits, targets }) as unknown as [tf.Scalar, tf.Tensor]
}

const crossEntropy: LossAndGradient = (targets, logits) => {
  const last = logits.rank - 1
  const rows = logits.size / (logits.shape[last] as number)
  const shifted = tf.sub(logits, tf.max(logits, last, true))
  const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), last, true)))
  const loss = tf.div(tf.sum(tf.mul(targets, logProbabilities)), -rows) as tf.Scalar
  const total = tf.sum(targets, last, true)
  const gradient = tf.div(tf.sub(tf.mul(tf.exp(logProbabilities), total), targets), rows)
  return [loss, gradient]
}

const binaryCrossEntropy: LossAndGradient = (targets, logits) => {
  const positive = tf.sub(tf.relu(logits), tf.mul(logits, targets))
  const loss = tf.mean(tf.add(positive, tf.log1p(tf.exp(tf.neg(tf.abs(logits))))))
  const gradient = tf.div(tf.sub(tf.sigmoid(logits), targets), logits.size)
  return [loss as tf.Scalar, gradient]
}

const meanSquaredError: LossAndGradient = (targets, outputs) => {
  const difference = tf.sub(outputs, targets)
  return [tf.mean(tf.square(difference)), tf.mul(difference, 2 / outputs.size)]
}

const builtIns: Record<LossName, ResolvedLoss> = {
  softmaxCrossEntropy: { compute: differentiable(softmaxCrossEntropy), check: checkSameShape },
  sparseSoftmaxCrossEntropy: { compute: differentiable(sparseSoftmaxCrossEntropy), check: checkLabels },
  binaryCrossEntropy: { compute: differentiable(binaryCrossEntropy), check: checkSameShape },
  meanSquaredError: { compute: differentiable(meanSquaredError), check: checkSameShape },
}

function differentiable(lossAndGradient: LossAndGradient): LossFunction {
  return (targets, outputs) =>
    tf.customGrad((x, save) => {
      const [value, gradient] = lossAndGradient(targets, x as tf.Tensor)
      ;(save as tf.GradSaveFunc)([gradient])
      return { value, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(saved as tf.Tensor, dy) }
    })(outputs) as tf.Scalar
}

function checkSameShape({ shape }: NdArray, outputs: tf.Tensor): void {
  if (sameShape(shape, outputs.shape)) return
  throw new Error(
    `batch.targets has shape ${shapeText(shape)}; the outputs have shape ${shapeText(outputs.shape)}: they must be equal`,
  )
}

function checkLabels({ data, shape }: NdArray, outputs: tf.Tensor): void {
  if (!sameShape(shape, outputs.shape.slice(0, -1))) {
    throw new Error(
      `batch.targets has shape ${shapeText(shape)}; for outputs of shape ${shapeText(outputs.shape)} sparseSoftmaxCrossEntropy takes ${shapeText(outputs.shape.slice(0, -1))}`,
    )
  }
  const classes = outputs.shape[outputs.rank - 1] as number
  for (let i = 0; i < data.length; i++) {
    const label = data[i] as number
    if (label >= 0 && label < classes && Number.isInteger(label)) continue
    throw new RangeError(
      `batch.targets holds ${label}: with ${classes} classes it must be a whole number from 0 to ${classes - 1}`,
    )
  }
}
