import type * as tf from '@tensorflow/tfjs'
import type { HostMemory } from '../host-memory.ts'
import type { NativeKernel } from './registration.ts'

/**
 * Adds up the rows of `x` that have the same number in `segmentIds`: the gradient of a gather. Rows with a
 * negative number are left out.
 */
export function segmentSum(memoryOf: (backend: unknown) => HostMemory): NativeKernel {
  return ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo }
    const { numSegments } = attrs as { numSegments: number }
    const memory = memoryOf(backend)
    const rowShape = x.shape.slice(segmentIds.shape.length)
    const output = memory.make([numSegments, ...rowShape], x.dtype)
    const length = rowShape.reduce((product, size) => product * size, 1)
    addRows(memory.view(x), memory.view(segmentIds), length, memory.view(output))
    return output
  }
}

type Numbers = Float32Array | Int32Array

function addRows(rows: Numbers, segments: Numbers, length: number, sums: Numbers): void {
  sums.fill(0)
  for (let row = 0; row < segments.length; row++) {
    const start = (segments[row] as number) * length
    if (start < 0 || start >= sums.length) continue
    for (let i = 0; i < length; i++) {
      sums[start + i] = (sums[start + i] as number) + (rows[row * length + i] as number)
    }
  }
}
