import * as tf from '@tensorflow/tfjs'

/** An image with as many zeros between its pixels as the strides have skipped. */
export function spread<T extends tf.Tensor>(dy: T, strides: readonly number[]): T {
  return strides.reduce((image, stride, at) => spreadAxis(image, at + 1, stride), dy)
}

function spreadAxis<T extends tf.Tensor>(image: T, axis: number, stride: number): T {
  if (stride === 1) return image
  const { shape } = image
  const length = shape[axis] as number
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)]
  const pieces = tf.reshape(image, [sizeOf(before) * length, 1, sizeOf(after)])
  const padded = tf.pad(pieces, [
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ])
  const size = [...before, (length - 1) * stride + 1, ...after]
  const whole = tf.reshape(padded, [sizeOf(before), length * stride, sizeOf(after)])
  return tf.reshape(tf.slice(whole, 0, [-1, (length - 1) * stride + 1, -1]), size) as T
}

const sizeOf = tf.util.sizeFromShape
