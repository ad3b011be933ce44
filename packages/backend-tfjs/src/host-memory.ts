import type * as tf from '@tensorflow/tfjs'

/** An engine whose tensors lie in memory that JavaScript can read and write. */
export interface HostMemory {
  /** The elements of a float32 or int32 tensor, in place; valid until the next tensor is made. */
  view(tensor: tf.TensorInfo): Float32Array | Int32Array
  /** A tensor to be filled: its elements are not defined. */
  make(shape: number[], dtype: tf.DataType): tf.TensorInfo
}
