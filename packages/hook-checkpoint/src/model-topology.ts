import type { Json } from '@hookstep/catalogue'

/** How a `tf.LayersModel` is built, and what its weights are called, in the order of a state's parameters. */
export interface ModelTopology {
  readonly format: 'layers-model'
  /** As in the `model.json` of TensorFlow.js. */
  readonly modelTopology: Json
  readonly weights: readonly string[]
}

interface WeightLike {
  readonly originalName: string
}

interface LayerLike {
  readonly weights: readonly WeightLike[]
  /** Those of a model within the model. */
  readonly layers?: readonly LayerLike[]
}

/** What is taken of a `tf.LayersModel`. */
interface ModelLike {
  readonly layers: readonly LayerLike[]
  readonly trainableWeights: readonly WeightLike[]
  toJSON(): unknown
}

/** The topology of a live model; `undefined` where it is no `tf.LayersModel`, or cannot tell. */
export function topologyOf(model: unknown): Json | undefined {
  if (!isModel(model)) return undefined
  try {
    const modelTopology = JSON.parse(String(model.toJSON())) as Json
    return { format: 'layers-model', modelTopology, weights: weightNames(model) }
  } catch {
    // A layer of somebody's own that cannot be written down: the model trains all the same.
    return undefined
  }
}

export function isTopology(value: unknown): value is ModelTopology {
  const { format, modelTopology, weights } = (value ?? {}) as Partial<ModelTopology>
  if (format !== 'layers-model' || typeof modelTopology !== 'object') return false
  return Array.isArray(weights) && weights.every((name) => typeof name === 'string')
}

function isModel(value: unknown): value is ModelLike {
  const { layers, trainableWeights, toJSON } = (value ?? {}) as Partial<ModelLike>
  return Array.isArray(layers) && Array.isArray(trainableWeights) && typeof toJSON === 'function'
}

/** What is learned comes first, behind it what the model keeps besides. */
function weightNames(model: ModelLike): string[] {
  const learned = new Set(model.trainableWeights)
  const all = weightsOf(model.layers)
  const ordered = [
    ...all.filter((weight) => learned.has(weight)),
    ...all.filter((weight) => !learned.has(weight)),
  ]
  return ordered.map(({ originalName }) => originalName)
}

function weightsOf(layers: readonly LayerLike[]): WeightLike[] {
  return layers.flatMap((layer) => (layer.layers === undefined ? layer.weights : weightsOf(layer.layers)))
}
