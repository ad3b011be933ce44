import * as tf from '@tensorflow/tfjs'
import { spread } from './spread.ts'

/*
 * The gradients of convolutions in three dimensions, as such convolutions: the wasm engine's own are wrong,
 * those of the filter with strides. Volumes are [batch, depth, height, width, channels], filters
 * [depth, height, width, inputs, outputs].
 */

interface Convolution {
  readonly strides: number | [number, number, number]
  readonly pad: 'valid' | 'same'
}

type Shape = [number, number, number, number, number]

/** The gradient of a volume: the gradient of the outputs convolved with the filter, turned around. */
export function volumeGradient(
  { dy, filter }: { dy: tf.Tensor5D; filter: tf.Tensor5D },
  { strides, pad, inputShape }: Convolution & { readonly inputShape: Shape },
): tf.Tensor {
  const { steps, starts } = geometry(inputShape, filter.shape, strides, pad)
  const between = spread(dy, steps)
  const margins = starts.map((start, at): [number, number] => {
    const before = size(filter, at) - 1 - start
    return [before, (inputShape[at + 1] as number) - size(between, at + 1) + start]
  })
  const turned: tf.Tensor5D = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3])
  return tf.conv3d(padded(between, margins), turned, 1, 'valid')
}

/** The gradient of a filter: the volume convolved with the gradient of the outputs, samples as channels. */
export function volumeFilterGradient(
  { x, dy }: { x: tf.Tensor5D; dy: tf.Tensor5D },
  { strides, pad, filterShape }: Convolution & { readonly filterShape: Shape },
): tf.Tensor {
  const { steps, starts } = geometry(x.shape, filterShape, strides, pad)
  const between = spread(dy, steps)
  const margins = starts.map((start, at): [number, number] => {
    const needed = (filterShape[at] as number) - 1 + size(between, at + 1)
    return [start, Math.max(0, needed - size(x, at + 1) - start)]
  })
  const volumes: tf.Tensor5D = tf.transpose(padded(x, margins), [4, 1, 2, 3, 0])
  const filter: tf.Tensor5D = tf.transpose(between, [1, 2, 3, 0, 4])
  const all = tf.conv3d(volumes, filter, 1, 'valid')
  // Where the last window does not reach the end of the volume, there is more than the filter.
  const gradient = tf.slice(all, [0, 0, 0, 0, 0], [-1, ...filterShape.slice(0, 3), -1])
  return tf.transpose(gradient, [1, 2, 3, 0, 4])
}

/** Strides, and the padding before the volume, along its three axes. */
function geometry(
  inputShape: Shape,
  filterShape: Shape,
  strides: Convolution['strides'],
  pad: Convolution['pad'],
): { steps: number[]; starts: number[] } {
  const info = tf.backend_util.computeConv3DInfo(inputShape, filterShape, strides, 1, pad)
  const { front, top, left } = info.padInfo
  return {
    steps: [info.strideDepth, info.strideHeight, info.strideWidth],
    starts: [front, top, left],
  }
}

function padded(volume: tf.Tensor5D, margins: [number, number][]): tf.Tensor5D {
  return tf.pad(volume, [[0, 0], ...margins, [0, 0]])
}

function size(tensor: tf.Tensor, axis: number): number {
  return tensor.shape[axis] as number
}
