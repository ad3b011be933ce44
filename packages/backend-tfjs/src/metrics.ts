import * as tf from '@tensorflow/tfjs'
import type { Loss } from './losses.ts'
import { sameShape } from './shapes.ts'
import type { TensorBatch } from './task.ts'

/**
 * The metrics that are built in, means over the batch.
 *
 * - `accuracy`: how often the largest output is the target's class (targets as the loss takes them); with
 *   `binaryCrossEntropy`, how often the output is on the target's side of one half;
 * - `meanAbsoluteError`, `meanSquaredError`: over all elements.
 */
export type MetricName = 'accuracy' | 'meanAbsoluteError' | 'meanSquaredError'

/** A metric of one's own: one number, the mean over the batch's samples. */
export type MetricFunction = (targets: tf.Tensor, outputs: tf.Tensor, batch: TensorBatch) => tf.Scalar

/** Names, or metrics by the names under which they are logged. */
export type Metrics = readonly MetricName[] | Readonly<Record<string, MetricName | MetricFunction>>

export type ResolvedMetrics = readonly (readonly [name: string, compute: MetricFunction])[]

/** @throws Error on a name that does not exist, or that is taken. */
export function resolveMetrics(metrics: Metrics, loss: Loss): ResolvedMetrics {
  const entries: [string, MetricName | MetricFunction][] = isNames(metrics)
    ? metrics.map((name) => [name, name])
    : Object.entries(metrics)
  return entries.map(([name, metric]) => {
    if (name === 'loss') throw new Error(`metrics: 'loss' is the name of the loss; choose another`)
    return [name, typeof metric === 'function' ? metric : builtIn(metric, loss)] as const
  })
}

function isNames(metrics: Metrics): metrics is readonly MetricName[] {
  return Array.isArray(metrics)
}

function builtIn(name: MetricName, loss: Loss): MetricFunction {
  switch (name) {
    case 'accuracy':
      return loss === 'binaryCrossEntropy' ? binaryAccuracy : accuracy
    case 'meanAbsoluteError':
      return (targets, outputs) => tf.mean(tf.abs(tf.sub(outputs, targets)))
    case 'meanSquaredError':
      return (targets, outputs) => tf.mean(tf.squaredDifference(outputs, targets))
    default:
      throw new Error(
        `metrics: '${name}' does not exist: use accuracy, meanAbsoluteError, meanSquaredError, or a function`,
      )
  }
}

const accuracy: MetricFunction = (targets, outputs) => {
  if ((outputs.shape[outputs.rank - 1] ?? 1) < 2) {
    throw new Error('accuracy compares classes, and the outputs have only one')
  }
  const predicted = tf.argMax(outputs, -1)
  const actual = sameShape(targets.shape, outputs.shape) ? tf.argMax(targets, -1) : tf.cast(targets, 'int32')
  return shareOf(tf.equal(predicted, actual))
}

/** Logits above 0 are probabilities above one half. */
const binaryAccuracy: MetricFunction = (targets, outputs) =>
  shareOf(tf.equal(tf.greater(outputs, 0), tf.greater(targets, 0.5)))

function shareOf(truths: tf.Tensor): tf.Scalar {
  return tf.mean(tf.cast(truths, 'float32'))
}
