import type * as tf from '@tensorflow/tfjs'
import type { HostMemory } from '../host-memory.ts'
import type { NativeKernel } from './registration.ts'

/**
 * The gradient of resizing images by the nearest pixel: every pixel gets what the pixels that show it got.
 * The cpu engine's own is wrong for all samples of a batch but the first.
 */
export function nearestPixelGradient(memoryOf: (backend: unknown) => HostMemory): NativeKernel {
  return ({ inputs, attrs, backend }) => {
    const { images, dy } = inputs as { images: tf.TensorInfo; dy: tf.TensorInfo }
    const { alignCorners } = attrs as { alignCorners: boolean }
    const memory = memoryOf(backend)
    const output = memory.make(images.shape, 'float32')
    const [batch, height, width, channels] = images.shape as [number, number, number, number]
    const [, newHeight, newWidth] = dy.shape as [number, number, number, number]
    const rows = sources(height, newHeight, alignCorners)
    const columns = sources(width, newWidth, alignCorners)
    const [gradients, sums] = [memory.view(dy), memory.view(output)]
    sums.fill(0)
    let from = 0
    for (let image = 0; image < batch; image++) {
      for (const row of rows) {
        for (const column of columns) {
          const to = ((image * height + row) * width + column) * channels
          for (let channel = 0; channel < channels; channel++) {
            sums[to + channel] = (sums[to + channel] as number) + (gradients[from++] as number)
          }
        }
      }
    }
    return output
  }
}

/** For each of the new rows, or columns, the old one that it shows. */
function sources(length: number, newLength: number, alignCorners: boolean): number[] {
  const isAligned = alignCorners && newLength > 1
  const scale = isAligned ? (length - 1) / (newLength - 1) : length / newLength
  return Array.from({ length: newLength }, (_, at) =>
    Math.min(length - 1, isAligned ? Math.round(at * scale) : Math.floor(at * scale)),
  )
}
