import type { NdArray } from '@hookstep/trainer'
import type * as tf from '@tensorflow/tfjs'

/** How numbers come from the device to the host. */
export interface Readback {
  /** The only element of a tensor, times a factor. */
  number(tensor: tf.Tensor, factor: number): number | Promise<number>
  /** Copies of tensors. They may be disposed once this has settled. */
  arrays(tensors: readonly tf.Tensor[]): NdArray[] | Promise<NdArray[]>
}

/** For engines whose tensors can be read at once. */
export const immediate: Readback = {
  number: (tensor, factor) => (tensor.dataSync()[0] as number) * factor,
  arrays: (tensors) => tensors.map((tensor) => copy(tensor, tensor.dataSync())),
}

/** For engines that must be waited for. */
export const awaited: Readback = {
  number: async (tensor, factor) => ((await tensor.data())[0] as number) * factor,
  arrays: (tensors) => Promise.all(tensors.map(async (tensor) => copy(tensor, await tensor.data()))),
}

/** What comes after a value, at once where it is here. */
export function after<Value, Result>(
  value: Value | Promise<Value>,
  use: (value: Value) => Result,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** Some engines give out the tensor's own memory. */
function copy({ shape }: tf.Tensor, data: NdArray['data']): NdArray {
  return { data: data.slice(), shape: [...shape] }
}
