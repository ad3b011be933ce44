import * as tf from '@tensorflow/tfjs'
import type { HostMemory } from '../host-memory.ts'
import type { NativeKernel } from './registration.ts'

/*
 * The gradients of pooling, as loops over the windows. The engine's own loops run over the images' pixels
 * and look for the windows around each: many times slower.
 */

interface Pooling {
  readonly filterSize: number | [number, number]
  readonly strides: number | [number, number]
  readonly pad: 'valid' | 'same' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

type Info = tf.backend_util.Conv2DInfo

/** The part of a window that lies in its image, as offsets of first channels; ends are exclusive. */
interface Window {
  /** The window's output. */
  readonly output: number
  readonly firstRow: number
  readonly endRow: number
  readonly rowLength: number
  /** From the beginning of a row. */
  readonly firstPixel: number
  readonly endPixel: number
}

/** The gradient of a maximum over windows: the first largest pixel of each window gets all of it. */
export function maximumPoolGradient(memoryOf: (backend: unknown) => HostMemory): NativeKernel {
  return ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    const memory = memoryOf(backend)
    const output = memory.make(input.shape, 'float32')
    const [gradients, images, sums] = [memory.view(dy), memory.view(input), memory.view(output)]
    const info = poolInfo(input, attrs as unknown as Pooling)
    sums.fill(0)
    forEachWindow(info, (window) => giveToLargest(gradients, images, sums, window, info.inChannels))
    return output
  }
}

function giveToLargest(
  gradients: ArrayLike<number>,
  images: ArrayLike<number>,
  sums: { [index: number]: number },
  { output, firstRow, endRow, rowLength, firstPixel, endPixel }: Window,
  channels: number,
): void {
  for (let channel = 0; channel < channels; channel++) {
    let largest = firstRow + firstPixel + channel
    for (let row = firstRow; row < endRow; row += rowLength) {
      for (let pixel = row + firstPixel; pixel < row + endPixel; pixel += channels) {
        if ((images[pixel + channel] as number) > (images[largest] as number)) largest = pixel + channel
      }
    }
    sums[largest] = (sums[largest] as number) + (gradients[output + channel] as number)
  }
}

/**
 * The gradient of an average over windows: an equal share for every pixel. As everywhere in TensorFlow.js
 * the shares are those of a whole window, also where padding has cut it.
 */
export function averagePoolGradient(memoryOf: (backend: unknown) => HostMemory): NativeKernel {
  return ({ inputs, attrs, backend }) => {
    const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo }
    const memory = memoryOf(backend)
    const output = memory.make(input.shape, 'float32')
    const [gradients, sums] = [memory.view(dy), memory.view(output)]
    const info = poolInfo(input, attrs as unknown as Pooling)
    const share = 1 / (info.filterHeight * info.filterWidth)
    sums.fill(0)
    forEachWindow(info, (window) => shareEqually(gradients, sums, window, info.inChannels, share))
    return output
  }
}

function shareEqually(
  gradients: ArrayLike<number>,
  sums: { [index: number]: number },
  { output, firstRow, endRow, rowLength, firstPixel, endPixel }: Window,
  channels: number,
  share: number,
): void {
  for (let row = firstRow; row < endRow; row += rowLength) {
    for (let pixel = row + firstPixel; pixel < row + endPixel; pixel += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const gradient = (gradients[output + channel] as number) * share
        sums[pixel + channel] = (sums[pixel + channel] as number) + gradient
      }
    }
  }
}

function poolInfo(input: tf.TensorInfo, { filterSize, strides, pad, dimRoundingMode }: Pooling): Info {
  const shape = input.shape as [number, number, number, number]
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode)
}

function forEachWindow(info: Info, visit: (window: Window) => void): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info
  const rowLength = inWidth * inChannels
  let output = 0
  for (let image = 0; image < info.batchSize; image++) {
    const start = image * inHeight * rowLength
    for (let row = 0; row < outHeight; row++) {
      const top = row * strideHeight - padInfo.top
      const firstRow = start + Math.max(0, top) * rowLength
      const endRow = start + Math.min(inHeight, top + info.filterHeight) * rowLength
      for (let column = 0; column < outWidth; column++) {
        const left = column * strideWidth - padInfo.left
        const firstPixel = Math.max(0, left) * inChannels
        const endPixel = Math.min(inWidth, left + info.filterWidth) * inChannels
        visit({ output, firstRow, endRow, rowLength, firstPixel, endPixel })
        output += inChannels
      }
    }
  }
}
