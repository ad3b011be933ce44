import type { Batch, NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { InputShape } from './learner.ts'
import { shapeText } from './shapes.ts'
import type { TensorBatch } from './task.ts'

/**
 * Puts a batch on the device. `Float32Array` and `Uint8Array` become float32 tensors (bytes with their
 * values, 0 to 255), `Int32Array` int32 tensors.
 *
 * @throws Error naming the array that is missing or does not fit.
 */
export function upload(batch: Batch, inputs: readonly InputShape[] | undefined, needed: Needed): TensorBatch {
  for (const { name, shape } of inputs ?? []) checkShape(name, arrayOf(batch, name), shape)
  if (needed === 'with targets') arrayOf(batch, 'targets')
  checkSamples(batch)
  const tensors: Record<string, tf.Tensor> = {}
  for (const [name, array] of arraysOf(batch)) tensors[name] = tensorOf(array)
  return new Proxy(tensors, { get: present }) as unknown as TensorBatch
}

/** Whether a batch must bring targets. */
export type Needed = 'with targets' | 'inputs only'

function arraysOf(batch: Batch): [name: string, array: NdArray][] {
  return Object.entries(batch).filter(([, array]) => array !== undefined)
}

function tensorOf({ data, shape }: NdArray): tf.Tensor {
  const engine = tf.engine()
  if (data instanceof Int32Array) return engine.makeTensor(data, shape as number[], 'int32')
  const floats = data instanceof Float32Array ? data : new Float32Array(data)
  return engine.makeTensor(floats, shape as number[], 'float32')
}

function arrayOf(batch: Batch, name: string): NdArray {
  const array = batch[name]
  if (array !== undefined) return array
  const names = arraysOf(batch).map(([other]) => other)
  throw new Error(`batch.${name} is missing: the batch has ${names.join(', ') || 'no arrays'}`)
}

function checkShape(name: string, { shape }: NdArray, expected: readonly (number | null)[]): void {
  const fits =
    shape.length === expected.length &&
    expected.every((size, axis) => axis === 0 || size === null || size === shape[axis])
  if (fits) return
  const wanted = expected.map((size, axis) => (axis === 0 ? 'batch' : (size ?? 'any')))
  throw new Error(`batch.${name} has shape ${shapeText(shape)}; the model takes ${shapeText(wanted)}`)
}

/** Every array must fill its shape, and hold as many samples as the others. */
function checkSamples(batch: Batch): void {
  let first: string | undefined
  let samples: number | undefined
  for (const [name, { data, shape }] of arraysOf(batch)) {
    const size = shape.reduce((product, length) => product * length, 1)
    if (data.length !== size) {
      throw new Error(
        `batch.${name} holds ${data.length} numbers; its shape ${shapeText(shape)} needs ${size}`,
      )
    }
    first ??= name
    samples ??= shape[0]
    if (shape[0] === samples && samples !== undefined) continue
    throw new Error(
      `batch.${name} has ${shape[0] ?? 'no'} samples, batch.${first} has ${samples ?? 'none'}: the first dimension must be the same`,
    )
  }
}

function present(tensors: Record<string, tf.Tensor>, name: string | symbol): tf.Tensor | undefined {
  if (typeof name === 'symbol' || name in tensors) return tensors[name as string]
  throw new Error(
    `The task reads batch.${name}, which is missing: the batch has ${Object.keys(tensors).join(', ')}`,
  )
}
