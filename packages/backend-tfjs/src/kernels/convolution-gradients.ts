import * as tf from '@tensorflow/tfjs'
import { composed, type NativeKernel } from './registration.ts'
import { spread } from './spread.ts'

/*
 * The gradients of convolutions, as convolutions: those run on the engine's own fast code. Images are
 * [batch, height, width, channels], filters [height, width, inputs, outputs].
 */

interface Convolution {
  readonly strides: number | [number, number]
  readonly pad: Padding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

type Padding =
  | 'valid'
  | 'same'
  | number
  | [[number, number], [number, number], [number, number], [number, number]]

interface FilterGradient extends Convolution {
  readonly dataFormat: 'NHWC' | 'NCHW'
  readonly filterShape: [number, number, number, number]
}

/**
 * The gradient of a filter: the image convolved with the gradient of the outputs. The sum runs over samples,
 * so they take the place of the channels; the stride of the one is the dilation of the other.
 */
export function filterGradient(
  { x, dy }: { x: tf.Tensor4D; dy: tf.Tensor4D },
  { strides, pad, dimRoundingMode, dataFormat, filterShape }: FilterGradient,
): tf.Tensor {
  refuseChannelsFirst('Conv2DBackpropFilter', dataFormat)
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode)
  const images: tf.Tensor4D = tf.transpose(x, [3, 1, 2, 0])
  const filter: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3])
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info
  const all = tf.conv2d(images, filter, 1, paddingToFit(info), 'NHWC', [strideHeight, strideWidth])
  // Where the last window does not reach the end of the image, there is more than the filter.
  const gradient = tf.slice(all, [0, 0, 0, 0], [-1, filterHeight, filterWidth, -1])
  return tf.transpose(gradient, [1, 2, 0, 3])
}

/** The padding before the image, and after it what the last window needs. */
function paddingToFit(info: tf.backend_util.Conv2DInfo): Padding {
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info
  const { effectiveFilterHeight, effectiveFilterWidth } = info
  const bottom = (outHeight - 1) * strideHeight + effectiveFilterHeight - inHeight - padInfo.top
  const right = (outWidth - 1) * strideWidth + effectiveFilterWidth - inWidth - padInfo.left
  return [
    [0, 0],
    [padInfo.top, Math.max(0, bottom)],
    [padInfo.left, Math.max(0, right)],
    [0, 0],
  ]
}

interface InputGradient extends Convolution {
  readonly dataFormat: 'NHWC' | 'NCHW'
  readonly inputShape: [number, number, number, number]
}

interface InputGradientInputs {
  readonly dy: tf.Tensor4D
  readonly filter: tf.Tensor4D
}

/** The gradient of an image: the gradient of the outputs convolved with the filter, turned around. */
export function inputGradient(original: NativeKernel): NativeKernel {
  return (call) => {
    const { dy, filter } = call.inputs as unknown as InputGradientInputs
    const { strides, pad, dimRoundingMode, inputShape, dataFormat } = call.attrs as unknown as InputGradient
    if (dataFormat === 'NCHW') return original(call)
    const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad, dimRoundingMode)
    const margins = marginsOf(info)
    if (margins === undefined) return original(call)
    return composed(() => {
      const turned: tf.Tensor4D = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2])
      return tf.conv2d(spread(dy, [info.strideHeight, info.strideWidth]), turned, 1, margins)
    })(call)
  }
}

interface DepthwiseGradient extends Convolution {
  readonly dilations: number | [number, number]
}

/** The gradient of an image under a depthwise convolution. */
export function depthwiseInputGradient(
  { dy, filter }: InputGradientInputs,
  attributes: DepthwiseGradient & { readonly inputShape: [number, number, number, number] },
): tf.Tensor {
  const { strides, dilations, pad, dimRoundingMode, inputShape } = attributes
  const [height, width, channels, multiplier] = filter.shape
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filter.shape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  )
  const margins = marginsOf(info)
  if (margins === undefined) {
    throw new Error(`The gradient of a depthwise convolution with padding ${pad} is not there on wasm`)
  }
  const turned = tf.reshape(tf.reverse(filter, [0, 1]), [height, width, channels * multiplier, 1])
  const { dilationHeight, dilationWidth } = info
  const each = tf.depthwiseConv2d(
    spread(dy, [info.strideHeight, info.strideWidth]),
    turned as tf.Tensor4D,
    1,
    margins,
    'NHWC',
    [dilationHeight, dilationWidth],
  )
  // Every channel of the image has had `multiplier` outputs.
  return tf.reshape(tf.sum(tf.reshape(each, [-1, channels, multiplier]), 2), inputShape)
}

/** The gradient of a depthwise filter: for each of its elements a product, summed over all positions. */
export function depthwiseFilterGradient(
  { x, dy }: { x: tf.Tensor4D; dy: tf.Tensor4D },
  attributes: DepthwiseGradient & { readonly filterShape: [number, number, number, number] },
): tf.Tensor {
  const { strides, dilations, pad, dimRoundingMode, filterShape } = attributes
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  )
  const { batchSize, outHeight, outWidth, dilationHeight, dilationWidth } = info
  const [height, width, channels, multiplier] = filterShape
  const padded = tf.pad(x, paddingToFit(info) as [number, number][]) as tf.Tensor4D
  const gradient = tf.reshape(dy, [batchSize * outHeight * outWidth, channels, multiplier])
  const elements: tf.Tensor[] = []
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const seen = windowStarts(padded, row * dilationHeight, column * dilationWidth, info)
      elements.push(tf.sum(tf.mul(tf.reshape(seen, [-1, channels, 1]), gradient), 0))
    }
  }
  return tf.reshape(tf.stack(elements), filterShape)
}

/** What one element of a filter sees: a pixel for each position of the window. */
function windowStarts(
  image: tf.Tensor4D,
  row: number,
  column: number,
  { batchSize, outHeight, outWidth, strideHeight, strideWidth, inChannels }: tf.backend_util.Conv2DInfo,
): tf.Tensor {
  const rowEnd = row + (outHeight - 1) * strideHeight + 1
  const columnEnd = column + (outWidth - 1) * strideWidth + 1
  const strides = [1, strideHeight, strideWidth, 1]
  return tf.stridedSlice(image, [0, row, column, 0], [batchSize, rowEnd, columnEnd, inChannels], strides)
}

/** The padding with which the turned filter gives the image's size; undefined where it would be negative. */
function marginsOf(info: tf.backend_util.Conv2DInfo): Padding | undefined {
  const { inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info
  const top = info.effectiveFilterHeight - 1 - padInfo.top
  const left = info.effectiveFilterWidth - 1 - padInfo.left
  const bottom = inHeight - 1 - (outHeight - 1) * strideHeight + padInfo.top
  const right = inWidth - 1 - (outWidth - 1) * strideWidth + padInfo.left
  if (Math.min(top, left, bottom, right) < 0) return undefined
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]
}

function refuseChannelsFirst(kernel: string, dataFormat: 'NHWC' | 'NCHW'): void {
  if (dataFormat !== 'NCHW') return
  throw new Error(`${kernel} on wasm takes dataFormat 'NHWC' (channelsLast); this is 'NCHW'`)
}
