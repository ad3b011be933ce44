import * as tf from '@tensorflow/tfjs'
import { type MemoryViews, viewsOf } from './memory-views.ts'
import type { NativeKernel } from './registration.ts'

type Call = Parameters<NativeKernel>[0]

interface Product {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/**
 * Products of matrices by the engine's fast way. That one is for a single matrix on each side, as it lies;
 * training is full of transposed matrices and of batches, which the engine multiplies ten times slower.
 * Transposing first is cheap; a batch times one matrix is a single product; other batches go one by one.
 */
export function matrixProduct(original: NativeKernel): NativeKernel {
  return (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const { transposeA, transposeB } = call.attrs as unknown as Product
    const way = wayToMultiply(a, b, transposeA, transposeB)
    if (way === 'as it is') return original(call)
    const views = viewsOf(call.backend)
    const left = transposeA ? transposed(a, call) : a
    const right = transposeB ? transposed(b, call) : b
    const multiply: Multiply = (inputs) =>
      original({ ...call, inputs, attrs: { transposeA: false, transposeB: false } }) as tf.TensorInfo
    const product = way === 'at once' ? atOnce(left, right, multiply) : oneByOne(left, right, multiply, views)
    if (transposeA) views.release(left)
    if (transposeB) views.release(right)
    return product
  }
}

/** The engine's product of two matrices as they lie. */
type Multiply = (inputs: { a: tf.TensorInfo; b: tf.TensorInfo }) => tf.TensorInfo

function wayToMultiply(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): 'as it is' | 'at once' | 'one by one' {
  const [batchA, batchB] = [batchOf(a), batchOf(b)]
  const [countA, countB] = [sizeOf(batchA), sizeOf(batchB)]
  if (countA === 1 && countB === 1) return transposeA || transposeB ? 'at once' : 'as it is'
  if (countB === 1 && !transposeA) return 'at once'
  const isPaired = tf.util.arraysEqual(batchA, batchB)
  return isPaired && multiplications(a, b, transposeB) >= worthATurn ? 'one by one' : 'as it is'
}

/** Multiplications from which on a matrix of a batch is faster by itself: measured, as are the others here. */
const worthATurn = 4096

function multiplications(a: tf.TensorInfo, b: tf.TensorInfo, transposeB: boolean): number {
  const outer = b.shape.at(transposeB ? -2 : -1) as number
  return (a.shape.at(-2) as number) * (a.shape.at(-1) as number) * outer
}

/** `a`, or all of its rows where it holds several matrices, times `b`. */
function atOnce(a: tf.TensorInfo, b: tf.TensorInfo, multiply: Multiply): tf.TensorInfo {
  const [rows, inner, outer] = sizes(a, b)
  const product = multiply({
    a: reshaped(a, [sizeOf(a.shape) / inner, inner]),
    b: reshaped(b, [inner, outer]),
  })
  product.shape = [...(batchOf(a).length >= batchOf(b).length ? batchOf(a) : batchOf(b)), rows, outer]
  return product
}

/** Each matrix of `a` times that of `b`. */
function oneByOne(a: tf.TensorInfo, b: tf.TensorInfo, multiply: Multiply, views: MemoryViews): tf.TensorInfo {
  const [rows, inner, outer] = sizes(a, b)
  const output = views.make([...batchOf(a), rows, outer])
  for (let index = 0; index < sizeOf(batchOf(a)); index++) {
    const left = views.part(a, index * rows * inner, [rows, inner])
    const right = views.part(b, index * inner * outer, [inner, outer])
    const product = multiply({ a: left, b: right })
    views.copy(product, output, index * rows * outer)
    views.release(product)
    views.forget(left)
    views.forget(right)
  }
  return output
}

function sizes(a: tf.TensorInfo, b: tf.TensorInfo): [rows: number, inner: number, outer: number] {
  return [a.shape.at(-2) as number, a.shape.at(-1) as number, b.shape.at(-1) as number]
}

/** The matrices of a tensor with rows and columns changed over. */
function transposed(matrices: tf.TensorInfo, { backend }: Call): tf.TensorInfo {
  const transpose = tf.getKernel('Transpose', 'wasm').kernelFunc
  const batch = batchOf(matrices)
  const x = reshaped(matrices, [sizeOf(batch), ...matrices.shape.slice(-2)])
  const result = transpose({ inputs: { x }, backend, attrs: { perm: [0, 2, 1] } }) as tf.TensorInfo
  return reshaped(result, [...batch, ...result.shape.slice(-2)])
}

function batchOf({ shape }: tf.TensorInfo): number[] {
  return shape.slice(0, -2)
}

const sizeOf = tf.util.sizeFromShape

/** The same elements in another shape. */
function reshaped({ dataId, dtype }: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  return { dataId, dtype, shape }
}
