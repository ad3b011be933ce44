/**
 * The models, and how they learn. Nothing here knows a backend: each trains and is evaluated as it stands
 * on all of them.
 */
import {
  adam,
  adamW,
  lion,
  momentum,
  type Optimizer,
  rmsprop,
  sgd,
  type TaskContext,
  type TaskFactory,
} from '@hookstep/backend-tfjs'
import type { LayersModel } from '@tensorflow/tfjs'

type Tf = TaskContext['tf']

/** From pixels [n, 784] to a score for each of the ten digits [n, 10]. */
export const models = { mlp, cnn } satisfies Record<string, (tf: Tf) => LayersModel>
export type ModelName = keyof typeof models
export const modelNames = Object.keys(models) as ModelName[]

export const optimizers = { adam, adamW, sgd, momentum, rmsprop, lion } satisfies Record<
  string,
  () => Optimizer
>
export type OptimizerName = keyof typeof optimizers
export const optimizerNames = Object.keys(optimizers) as OptimizerName[]

/** Learning to tell digits apart with one of the models. */
export function taskOf(model: ModelName, optimizer: OptimizerName): TaskFactory {
  return ({ tf }) => ({
    model: models[model](tf),
    loss: 'sparseSoftmaxCrossEntropy',
    optimizer: optimizers[optimizer](),
    metrics: ['accuracy'],
  })
}

/** A multilayer perceptron: one hidden layer of 128. */
function mlp(tf: Tf): LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [784], units: 128, activation: 'relu', kernelInitializer: 'heNormal' }),
      tf.layers.dense({ units: 10 }),
    ],
  })
}

/** A convolutional network. Its convolutions halve the picture by their strides, which costs less than pooling. */
function cnn(tf: Tf): LayersModel {
  const convolution = (filters: number) =>
    tf.layers.conv2d({
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: 'heNormal',
    })
  return tf.sequential({
    layers: [
      tf.layers.reshape({ inputShape: [784], targetShape: [28, 28, 1] }),
      convolution(16),
      convolution(32),
      tf.layers.flatten(),
      tf.layers.dense({ units: 128, activation: 'relu', kernelInitializer: 'heNormal' }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 10 }),
    ],
  })
}
