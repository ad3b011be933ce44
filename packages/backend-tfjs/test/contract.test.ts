import { adam, cpu, functionTask, momentum, type TaskFactory } from '@hookstep/backend-tfjs'
import { wasm } from '@hookstep/backend-tfjs/wasm'
import { type BackendSubject, backendContract } from '@hookstep/testing'
import type { Batch, Random } from '@hookstep/trainer'
import { describe, test } from 'vitest'

const layers: TaskFactory = ({ tf }) => ({
  model: tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [4], units: 8, activation: 'tanh' }),
      tf.layers.dense({ units: 3 }),
    ],
  }),
  loss: 'sparseSoftmaxCrossEntropy',
  optimizer: adam({ weightDecay: 0.01 }),
  metrics: ['accuracy'],
})

const functions: TaskFactory = ({ tf }) =>
  functionTask({
    parameters: { slope: tf.randomNormal([4, 3]), offset: tf.zeros([3]) },
    forward: ({ slope, offset }, { inputs }) => tf.add(tf.matMul(inputs, slope), offset),
    loss: (targets, outputs) => tf.losses.softmaxCrossEntropy(tf.oneHot(targets.toInt(), 3), outputs),
    optimizer: momentum({ nesterov: true }),
    metrics: { spread: (_, outputs) => outputs.square().mean() },
  })

/** Points with the labels of the third of space that they lie in. */
function points(random: Random, size: number): Batch {
  const inputs = Float32Array.from({ length: 4 * size }, () => random.normal())
  const labels = Int32Array.from({ length: size }, (_, i) => {
    const first = inputs[4 * i] as number
    return first < -0.4 ? 0 : first < 0.4 ? 1 : 2
  })
  return { inputs: { data: inputs, shape: [size, 4] }, targets: { data: labels, shape: [size] } }
}

const subjects: Record<string, BackendSubject> = {
  'cpu, layers': { backend: () => cpu(layers), batch: points },
  'cpu, functions': { backend: () => cpu(functions), batch: points },
  'wasm, layers': { backend: () => wasm(layers), batch: points },
  'wasm, functions': { backend: () => wasm(functions), batch: points },
}

for (const [name, subject] of Object.entries(subjects)) {
  describe(`the contract of a backend: ${name}`, () => {
    for (const { name, run } of backendContract(subject)) test(name, run)
  })
}
