import { sgd, type TaskFactory } from '@hookstep/backend-tfjs'
import type { Batch, NdArray } from '@hookstep/trainer'
import type * as tensorflow from '@tensorflow/tfjs'
import { expect, test } from 'vitest'
import { type EngineName, noise, withSession } from './sessions.ts'

type Tf = typeof tensorflow
type Stack = (tf: Tf) => tensorflow.layers.Layer[]

/** Layers to learn from samples of a shape. */
const stacks: Record<string, [sample: number[], Stack]> = {
  ...Object.fromEntries(
    (
      'elu hardSigmoid linear relu relu6 selu sigmoid softmax softplus softsign tanh swish mish gelu'.split(
        ' ',
      ) as 'relu'[]
    ).map((activation) => [
      `dense, ${activation}`,
      [[5], (tf: Tf) => [tf.layers.dense({ units: 4, activation })]] as [number[], Stack],
    ]),
  ),
  'dense on sequences': [[3, 5], (tf) => [tf.layers.dense({ units: 4 })]],
  prelu: [[5], (tf) => [tf.layers.dense({ units: 4 }), tf.layers.prelu()]],
  'leaky relu': [[5], (tf) => [tf.layers.leakyReLU()]],
  conv1d: [[9, 3], (tf) => [tf.layers.conv1d({ filters: 4, kernelSize: 3, strides: 2 })]],
  conv2d: [[8, 8, 2], (tf) => [tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' })]],
  'conv2d, same, strides': [
    [9, 8, 2],
    (tf) => [tf.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', strides: 2 })],
  ],
  conv2dTranspose: [
    [4, 4, 2],
    (tf) => [tf.layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  depthwiseConv2d: [[6, 6, 2], (tf) => [tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })]],
  separableConv2d: [[6, 6, 2], (tf) => [tf.layers.separableConv2d({ filters: 3, kernelSize: 3 })]],
  conv3d: [[4, 4, 4, 2], (tf) => [tf.layers.conv3d({ filters: 2, kernelSize: 2 })]],
  'conv3d, same, strides': [
    [5, 4, 4, 2],
    (tf) => [tf.layers.conv3d({ filters: 2, kernelSize: [3, 2, 2], padding: 'same', strides: 2 })],
  ],
  'max pooling 1d': [[8, 2], (tf) => [tf.layers.maxPooling1d({ poolSize: 2 })]],
  'max pooling 2d': [[6, 6, 2], (tf) => [tf.layers.maxPooling2d({ poolSize: 2 })]],
  'average pooling 2d': [
    [7, 7, 2],
    (tf) => [tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' })],
  ],
  'max pooling 3d': [[4, 4, 4, 2], (tf) => [tf.layers.maxPooling3d({ poolSize: 2 })]],
  'average pooling 3d': [[4, 4, 4, 2], (tf) => [tf.layers.averagePooling3d({ poolSize: 2 })]],
  'global pooling': [
    [6, 6, 3],
    (tf) => [tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 2 })],
  ],
  'global max pooling': [[6, 6, 3], (tf) => [tf.layers.globalMaxPooling2d({})]],
  batchNormalization: [[5], (tf) => [tf.layers.dense({ units: 4 }), tf.layers.batchNormalization()]],
  'batchNormalization of images': [[4, 4, 2], (tf) => [tf.layers.batchNormalization(), tf.layers.reLU()]],
  layerNormalization: [[5], (tf) => [tf.layers.dense({ units: 4 }), tf.layers.layerNormalization()]],
  'embedding, lstm': [
    [6],
    (tf) => [tf.layers.embedding({ inputDim: 7, outputDim: 4 }), tf.layers.lstm({ units: 3 })],
  ],
  gru: [[4, 3], (tf) => [tf.layers.gru({ units: 3, returnSequences: true })]],
  simpleRNN: [[4, 3], (tf) => [tf.layers.simpleRNN({ units: 3 })]],
  'lstm with dropout': [[4, 3], (tf) => [tf.layers.lstm({ units: 3, dropout: 0.3, recurrentDropout: 0.3 })]],
  bidirectional: [
    [4, 3],
    (tf) => [tf.layers.bidirectional({ layer: tf.layers.gru({ units: 2 }) as never, mergeMode: 'concat' })],
  ],
  timeDistributed: [[3, 4], (tf) => [tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 2 }) })]],
  dropout: [[8], (tf) => [tf.layers.dense({ units: 8 }), tf.layers.dropout({ rate: 0.5 })]],
  spatialDropout1d: [[4, 6], (tf) => [tf.layers.spatialDropout1d({ rate: 0.5 })]],
  'gaussian noise and dropout': [
    [6],
    (tf) => [tf.layers.gaussianNoise({ stddev: 0.1 }), tf.layers.gaussianDropout({ rate: 0.3 })],
  ],
  alphaDropout: [[6], (tf) => [tf.layers.alphaDropout({ rate: 0.3 })]],
  'up-sampling, padding, cropping': [
    [4, 4, 2],
    (tf) => [
      tf.layers.upSampling2d({ size: [2, 2] }),
      tf.layers.zeroPadding2d({ padding: 1 }),
      tf.layers.cropping2D({
        cropping: [
          [1, 0],
          [0, 2],
        ],
      }),
    ],
  ],
  'up-sampling, bilinear': [[4, 4, 2], (tf) => [tf.layers.upSampling2d({ interpolation: 'bilinear' })]],
  'repeatVector, permute, reshape': [
    [3],
    (tf) => [
      tf.layers.repeatVector({ n: 2 }),
      tf.layers.permute({ dims: [2, 1] }),
      tf.layers.reshape({ targetShape: [6] }),
    ],
  ],
}

/** The stack between two dense layers, so that gradients flow through it and out of it. */
function taskOf(sample: number[], stack: Stack): TaskFactory {
  return ({ tf }) => {
    const input = tf.input({ shape: sample })
    const layers = stack(tf)
    const isEmbedding = layers[0]?.getClassName() === 'Embedding'
    const first = isEmbedding ? input : tf.layers.dense({ units: sample.at(-1) as number }).apply(input)
    const through = layers.reduce(
      (x, layer) => layer.apply(x) as tensorflow.SymbolicTensor,
      first as tensorflow.SymbolicTensor,
    )
    const flat = through.rank > 2 ? tf.layers.flatten().apply(through) : through
    const outputs = tf.layers.dense({ units: 2 }).apply(flat) as tensorflow.SymbolicTensor
    return { model: tf.model({ inputs: input, outputs }), loss: 'meanSquaredError', optimizer: sgd() }
  }
}

function batchOf(sample: number[], isWhole: boolean): Batch {
  const shape = [5, ...sample]
  const values = noise(shape.reduce((product, size) => product * size, 1))
  const inputs: NdArray = isWhole
    ? { data: Int32Array.from(values, (value) => Math.floor((value + 1) * 3.5)), shape }
    : { data: values, shape }
  return { inputs, targets: { data: noise(10, 2), shape: [5, 2] } }
}

test.each(Object.entries(stacks))('%s: gradients on wasm are those on cpu', async (name, [sample, stack]) => {
  const batch = batchOf(sample, name.startsWith('embedding'))
  const gradientsOn = (engine: EngineName): Promise<Float32Array> =>
    withSession(engine, taskOf(sample, stack), (session) => {
      session.forwardBackward(batch, 1, false)
      return session.readGradients()
    })
  const [expected, actual] = [await gradientsOn('cpu'), await gradientsOn('wasm')]
  const scale = Math.max(...expected.map(Math.abs))
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] as number))))
  expect(scale).toBeGreaterThan(1e-4)
  expect(difference / scale).toBeLessThan(1e-4)
})
