import type { ModelFitArgs } from '@tensorflow/tfjs'
import { type EngineName, openEngine } from './engine.ts'
import { crossEntropy, layers } from './handwritten.ts'
import { samplesOf, type Workload } from './workload.ts'

/** Microseconds per step of `model.fit`, which shuffles and gathers its batches by itself. */
export async function timeFit(
  engine: EngineName,
  workload: Workload,
  options: ModelFitArgs,
): Promise<number> {
  const { warmUpSteps, timedSteps, samples, batchSize } = workload
  const stepsPerEpoch = samples / batchSize
  const epochs = Math.ceil(timedSteps / stepsPerEpoch)
  const fit = await prepare(engine, workload, options)
  await fit(Math.ceil(warmUpSteps / stepsPerEpoch))
  const startedAt = performance.now()
  await fit(epochs)
  return (1000 * (performance.now() - startedAt)) / (epochs * stepsPerEpoch)
}

async function prepare(
  engine: EngineName,
  workload: Workload,
  options: ModelFitArgs,
): Promise<(epochs: number) => Promise<unknown>> {
  const tf = await openEngine(engine)
  const { inputs, targets } = samplesOf(workload)
  const x = tf.tensor2d(inputs, [workload.samples, workload.inputs])
  const y = tf.oneHot(tf.tensor1d(targets, 'int32'), workload.classes).toFloat()
  const model = layers(tf, workload)
  const optimizer = tf.train.adam(workload.learningRate)
  model.compile({ optimizer, loss: (labels, logits) => crossEntropy(tf, labels, logits) })
  const { batchSize } = workload
  return (epochs) => model.fit(x, y, { batchSize, epochs, shuffle: true, ...options })
}

/** A callback that is given the loss of every batch. */
export const perBatch: ModelFitArgs = { callbacks: { onBatchEnd: (_, logs) => void logs?.loss } }
