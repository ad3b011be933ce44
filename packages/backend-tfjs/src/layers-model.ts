import type * as tf from '@tensorflow/tfjs'
import type { InputShape, Learner } from './learner.ts'
import { isLogitsLoss } from './losses.ts'
import type { Parameter } from './parameters.ts'
import type { ModelTask, TensorBatch } from './task.ts'

/**
 * A `tf.LayersModel` as something to train.
 *
 * @throws Error where the model has several outputs, no weights, or ends in a softmax or sigmoid where
 * the loss takes logits.
 */
export function layersModel({ model, loss }: ModelTask): Learner {
  checkOutputs(model)
  if (isLogitsLoss(loss)) checkLogits(model, loss as string)
  const named = namedWeights(model)
  const isTrainable = new Set<unknown>(model.trainableWeights)
  const parameters = named.filter(({ weight }) => isTrainable.has(weight)).map(asParameter)
  const inputs = inputShapes(model)
  const symbolic = inputs.map(({ name }) => name)
  return {
    model,
    parameters,
    statistics: named.filter(({ weight }) => !isTrainable.has(weight)).map(asParameter),
    inputs,
    forward: (batch, training) => model.apply(inputsOf(batch, symbolic), { training }) as tf.Tensor,
    penalties: () => model.calculateLosses(),
    dispose: () => void model.dispose(),
  }
}

function inputsOf(batch: TensorBatch, names: readonly string[]): tf.Tensor | tf.Tensor[] {
  return names.length === 1 ? batch.inputs : names.map((name) => batch[name] as tf.Tensor)
}

function inputShapes({ inputs, inputNames }: tf.LayersModel): InputShape[] {
  return inputs.map(({ shape }, index) => ({
    name: inputs.length === 1 ? 'inputs' : (inputNames[index] as string),
    shape,
  }))
}

function checkOutputs(model: tf.LayersModel): void {
  if (model.outputs.length === 0 || model.weights.length === 0) {
    throw new Error('The model has no weights: there is nothing to learn')
  }
  if (model.outputs.length === 1) return
  throw new Error(
    `The model has ${model.outputs.length} outputs (${model.outputNames.join(', ')}); a task with a model takes one. For several, give the task parameters and a forward function`,
  )
}

function checkLogits({ layers }: tf.LayersModel, loss: string): void {
  const last = layers.at(-1)
  const { activation } = (last?.getConfig() ?? {}) as { activation?: unknown }
  const name = last?.getClassName() === 'Softmax' ? 'softmax' : activation
  if (name !== 'softmax' && name !== 'sigmoid') return
  throw new Error(
    `The model ends in a ${name}, but ${loss} takes logits: leave the activation of its last layer out`,
  )
}

type Weight = tf.LayersModel['weights'][number]

interface NamedWeight {
  readonly name: string
  readonly weight: Weight
}

function asParameter({ name, weight }: NamedWeight): Parameter {
  return { name, variable: weight.read() as tf.Variable }
}

/**
 * The weights by names that are the same in every process: TensorFlow.js numbers layers without a name of
 * their own, and weights, through all models that a process has built.
 */
function namedWeights(model: tf.LayersModel): NamedWeight[] {
  const taken = new Set<string>()
  return weightPaths(model).map(({ name, weight }) => ({ name: untaken(name, taken), weight }))
}

function weightPaths({ layers }: { layers: readonly tf.layers.Layer[] }): NamedWeight[] {
  const counts = new Map<string, number>()
  return layers.flatMap((layer) => {
    const name = layerName(layer, counts)
    const nested = (layer as { layers?: readonly tf.layers.Layer[] }).layers
    const weights =
      nested === undefined
        ? layer.weights.map((weight) => ({ name: lastPart(weight.originalName), weight }))
        : weightPaths({ layers: nested })
    return weights.map((named) => ({ ...named, name: `${name}/${named.name}` }))
  })
}

/** A layer's own name; for one that TensorFlow.js has numbered, its kind and its number in this model. */
function layerName({ name }: tf.layers.Layer, counts: Map<string, number>): string {
  // As in `dense_Dense1`, and for models in models `model1` and `sequential_1`.
  const numbered = /^(.+)_([A-Z][A-Za-z0-9]*?)\d+$/.exec(name) ?? /^(model|sequential)_?()\d+$/.exec(name)
  if (numbered === null) return name
  const kind = numbered[1] as string
  const count = (counts.get(kind) ?? 0) + 1
  counts.set(kind, count)
  return `${kind}_${count}`
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The name itself, or numbered from 2 where a weight before has it. */
function untaken(name: string, taken: Set<string>): string {
  let candidate = name
  for (let count = 2; taken.has(candidate); count++) candidate = `${name}_${count}`
  taken.add(candidate)
  return candidate
}
