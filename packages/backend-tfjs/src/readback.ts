import type { NdArray } from '@hookstep/trainer'
import type * as tf from '@tensorflow/tfjs'

/** How numbers come from the device to the host. */
export interface Readback {
  /** The only element of a tensor, times a factor. */
  number(tensor: tf.Tensor, factor: number): number | Promise<number>
  /** Copies of tensors. They may be disposed once this has settled. */
  arrays(tensors: readonly tf.Tensor[]): NdArray[] | Promise<NdArray[]>
  /** The same as they are at the call, whatever replaces them while they are being read. */
  snapshot(tensors: readonly tf.Tensor[]): NdArray[] | Promise<NdArray[]>
}

/** For engines whose tensors can be read at once. `isOwn`: they give out memory that nobody else has. */
export function immediate(isOwn: boolean): Readback {
  const arrays = (tensors: readonly tf.Tensor[]): NdArray[] =>
    tensors.map((tensor) => arrayOf(tensor, tensor.dataSync(), isOwn))
  return {
    number: (tensor, factor) => (tensor.dataSync()[0] as number) * factor,
    arrays,
    snapshot: arrays,
  }
}

/** For engines that must be waited for. */
export function awaited(isOwn: boolean): Readback {
  const arrays = (tensors: readonly tf.Tensor[]): Promise<NdArray[]> =>
    Promise.all(tensors.map(async (tensor) => arrayOf(tensor, await tensor.data(), isOwn)))
  return {
    number: async (tensor, factor) => ((await tensor.data())[0] as number) * factor,
    arrays,
    async snapshot(tensors) {
      // No copies on the device: they share its memory, and keep it until it is read.
      const clones = tensors.map((tensor) => tensor.clone())
      try {
        return await arrays(clones)
      } finally {
        for (const clone of clones) clone.dispose()
      }
    },
  }
}

/** What comes after a value, at once where it is here. */
export function after<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** The tensor's numbers in an array of one's own: copied once, by the engine or here. */
function arrayOf({ shape }: tf.Tensor, data: NdArray['data'], isOwn: boolean): NdArray {
  return { data: isOwn ? data : data.slice(), shape: [...shape] }
}
