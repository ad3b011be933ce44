import type { Json, NamedArrays, NdArray } from '@hookstep/catalogue'
import { isTopology } from './model-topology.ts'

/**
 * A `tf.LayersModel` as `tf.loadLayersModel` reads it: `model.json`, with the topology and a list of the weights, and
 * `weights.bin`, their values one behind the other in little-endian order
 * (https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts, `ModelJSON`).
 *
 * @param model what the checkpoint tells of how the model is built.
 * @throws Error where it tells nothing, or of other weights.
 */
export function toTensorFlowJs(
  parameters: NamedArrays,
  model: Json | undefined,
): Readonly<Record<'model.json' | 'weights.bin', readonly Uint8Array[]>> {
  if (!isTopology(model)) {
    throw new Error(
      'the checkpoint does not tell how its model is built: it is no tf.LayersModel; take safetensors',
    )
  }
  const arrays = Object.values(parameters)
  if (arrays.length !== model.weights.length || new Set(model.weights).size < arrays.length) {
    throw new Error(
      `the model's ${model.weights.length} weights are not the ${arrays.length} parameters; take safetensors`,
    )
  }
  const weights = arrays.map((array, at) => ({
    name: model.weights[at] as string,
    shape: array.shape,
    dtype: typeOf(array),
  }))
  const text = JSON.stringify({
    format: 'layers-model',
    generatedBy: '@hookstep/hook-checkpoint',
    convertedBy: null,
    modelTopology: model.modelTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  })
  return { 'model.json': [new TextEncoder().encode(text)], 'weights.bin': arrays.map(bytesOf) }
}

function typeOf({ data }: NdArray): 'float32' | 'int32' | 'bool' {
  if (data instanceof Float32Array) return 'float32'
  return data instanceof Int32Array ? 'int32' : 'bool'
}

function bytesOf({ data }: NdArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
