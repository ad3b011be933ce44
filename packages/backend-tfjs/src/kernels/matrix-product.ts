import * as tf from '@tensorflow/tfjs'
import type { NativeKernel } from './registration.ts'

type Call = Parameters<NativeKernel>[0]

interface Product {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/** What is used of the engine's backend. */
interface Disposer {
  disposeData(dataId: object): void
}

/**
 * A product of matrices by the engine's fast way, which is for single matrices as they lie: training is
 * full of transposed ones, and those it multiplies ten times slower. Transposing them first is cheap. A batch
 * of matrices times one matrix is a single product, too.
 */
export function matrixProduct(original: NativeKernel): NativeKernel {
  return (call) => {
    const { a, b } = call.inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const { transposeA, transposeB } = call.attrs as unknown as Product
    const isFast = !transposeA && !transposeB && matrices(a) === 1
    const canBeFast = matrices(b) === 1 && (matrices(a) === 1 || !transposeA)
    if (isFast || !canBeFast) return original(call)
    const left = transposeA ? transposed(a, call) : a
    const right = transposeB ? transposed(b, call) : b
    const product = multiply(left, right, original, call)
    if (left !== a) (call.backend as Disposer).disposeData(left.dataId)
    if (right !== b) (call.backend as Disposer).disposeData(right.dataId)
    return product
  }
}

/** `a`, or all of its rows where it holds several matrices, times `b`. */
function multiply(a: tf.TensorInfo, b: tf.TensorInfo, original: NativeKernel, call: Call): tf.TensorInfo {
  const inner = a.shape.at(-1) as number
  const outer = b.shape.at(-1) as number
  const inputs = {
    a: reshaped(a, [tf.util.sizeFromShape(a.shape) / inner, inner]),
    b: reshaped(b, [inner, outer]),
  }
  const attrs = { transposeA: false, transposeB: false }
  const product = original({ ...call, inputs, attrs }) as tf.TensorInfo
  const batch = a.shape.length >= b.shape.length ? a.shape.slice(0, -2) : b.shape.slice(0, -2)
  product.shape = [...batch, a.shape.at(-2) as number, outer]
  return product
}

/** The single matrix of a tensor, with rows and columns changed over. */
function transposed(matrix: tf.TensorInfo, { backend }: Call): tf.TensorInfo {
  const transpose = tf.getKernel('Transpose', 'wasm').kernelFunc
  const x = reshaped(matrix, matrix.shape.slice(-2))
  const result = transpose({ inputs: { x }, backend, attrs: { perm: [1, 0] } }) as tf.TensorInfo
  return reshaped(result, [...matrix.shape.slice(0, -2), ...result.shape])
}

function matrices({ shape }: tf.TensorInfo): number {
  return tf.util.sizeFromShape(shape.slice(0, -2))
}

/** The same elements in another shape. */
function reshaped({ dataId, dtype }: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  return { dataId, dtype, shape }
}
