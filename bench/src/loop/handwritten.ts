/**
 * Training loops as one writes them with TensorFlow.js alone: the same network, loss, optimizer and batches
 * as Hookstep's task. Each is written to be fast.
 */
import type * as Tf from '@tensorflow/tfjs'
import { shuffledBatches } from './batches.ts'
import { Stopwatch } from './stopwatch.ts'
import { type Samples, samplesOf, type Workload } from './workload.ts'

type TfJs = typeof Tf

/** Trains on one batch. Gives the loss, on the device or read already; to be disposed where it is a tensor. */
type Step = (batch: Samples) => Tf.Scalar | Promise<number>

/** Prepares a network, and gives what trains it. */
type Loop = (tf: TfJs, workload: Workload) => Step

export const loops = {
  'minimize, layers': (tf, workload) => {
    const model = layers(tf, workload)
    const optimizer = tf.train.adam(workload.learningRate)
    return (batch) =>
      optimizer.minimize(
        () =>
          withTensors(tf, workload, batch, (x, y) =>
            crossEntropy(tf, y, model.apply(x, training) as Tf.Tensor),
          ),
        true,
      ) as Tf.Scalar
  },
  'minimize, operations': (tf, workload) => {
    const { forward, variables } = operations(tf, workload)
    const optimizer = tf.train.adam(workload.learningRate)
    return (batch) =>
      optimizer.minimize(
        () => withTensors(tf, workload, batch, (x, y) => crossEntropy(tf, y, forward(x))),
        true,
        variables,
      ) as Tf.Scalar
  },
  'variableGrads, operations': (tf, workload) => {
    const { forward, variables } = operations(tf, workload)
    // Declared as the base class: Adam's own types refuse what variableGrads gives.
    const optimizer: Tf.Optimizer = tf.train.adam(workload.learningRate)
    return (batch) =>
      tf.tidy(() => {
        const { inputs, targets } = batch
        const x = tf.tensor2d(inputs, [targets.length, workload.inputs])
        const y = oneHot(tf, workload, targets)
        const { value, grads } = tf.variableGrads(() => crossEntropy(tf, y, forward(x)), variables)
        optimizer.applyGradients(grads)
        return value
      })
  },
  trainOnBatch: (tf, workload) => {
    const model = layers(tf, workload)
    model.compile({
      optimizer: tf.train.adam(workload.learningRate),
      loss: (y, logits) => crossEntropy(tf, y, logits),
    })
    return async ({ inputs, targets }) => {
      const x = tf.tensor2d(inputs, [targets.length, workload.inputs])
      const y = oneHot(tf, workload, targets)
      const loss = (await model.trainOnBatch(x, y)) as number
      tf.dispose([x, y])
      return loss
    }
  },
} satisfies Record<string, Loop>

export type LoopName = keyof typeof loops
export const loopNames = Object.keys(loops) as LoopName[]

/** Microseconds per step of a loop that shuffles, gathers its batches, and reads the loss now and then. */
export async function timeLoop(name: LoopName, tf: TfJs, workload: Workload): Promise<number> {
  const step: Step = loops[name](tf, workload)
  const batches = shuffledBatches(samplesOf(workload), workload)
  const stopwatch = new Stopwatch(workload)
  for (let number = 1; number <= stopwatch.totalSteps; number++) {
    const loss = step(batches.next().value)
    if (loss instanceof Promise) await loss
    else {
      if (number % workload.readEvery === 0) await loss.data()
      loss.dispose()
    }
    stopwatch.endOfStep(number)
  }
  return stopwatch.microsecondsPerStep
}

const training = { training: true }

export function layers(tf: TfJs, { inputs, hidden, classes }: Workload): Tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [inputs], units: hidden, activation: 'relu' }),
      tf.layers.dense({ units: classes }),
    ],
  })
}

/** The same network without the layers' administration. */
function operations(tf: TfJs, { inputs, hidden, classes }: Workload) {
  const [kernel1, kernel2] = [
    tf.variable(tf.randomNormal<Tf.Rank.R2>([inputs, hidden], 0, 0.05)),
    tf.variable(tf.randomNormal<Tf.Rank.R2>([hidden, classes], 0, 0.05)),
  ]
  const [bias1, bias2] = [tf.variable(tf.zeros([hidden])), tf.variable(tf.zeros([classes]))]
  const forward = (x: Tf.Tensor2D): Tf.Tensor =>
    x.matMul(kernel1).add(bias1).relu().matMul<Tf.Tensor>(kernel2).add(bias2)
  return { forward, variables: [kernel1, bias1, kernel2, bias2] as Tf.Variable[] }
}

function withTensors(
  tf: TfJs,
  workload: Workload,
  { inputs, targets }: Samples,
  body: (x: Tf.Tensor2D, y: Tf.Tensor) => Tf.Scalar,
): Tf.Scalar {
  const x = tf.tensor2d(inputs, [targets.length, workload.inputs])
  return body(x, oneHot(tf, workload, targets))
}

function oneHot(tf: TfJs, { classes }: Workload, targets: Int32Array): Tf.Tensor {
  return tf.oneHot(tf.tensor1d(targets, 'int32'), classes)
}

/** The mean over the batch. */
export function crossEntropy(tf: TfJs, y: Tf.Tensor, logits: Tf.Tensor): Tf.Scalar {
  return tf.losses.softmaxCrossEntropy(y, logits)
}
