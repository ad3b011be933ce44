/** A fully connected layer. Its numbers are views into the arrays that hold those of all layers. */
export interface Dense {
  readonly inputs: number
  readonly outputs: number
  /** `[inputs, outputs]`, row by row. */
  readonly kernel: Float32Array
  readonly bias: Float32Array
  readonly kernelGradient: Float32Array
  readonly biasGradient: Float32Array
  /** Whether negative outputs become 0. */
  readonly rectified: boolean
}

/** Computes one sample's outputs. */
export function forward(layer: Dense, from: ArrayLike<number>, to: Float64Array): void {
  const { inputs, outputs, kernel, bias, rectified } = layer
  for (let o = 0; o < outputs; o++) {
    let sum = bias[o] as number
    for (let i = 0; i < inputs; i++) sum += (from[i] as number) * (kernel[i * outputs + o] as number)
    to[o] = rectified && sum < 0 ? 0 : sum
  }
}

/**
 * Adds one sample's gradients. `deltas` is the derivative of the loss by the layer's outputs; the one by
 * its inputs is left in `inputDeltas`, where somebody needs it.
 */
export function backward(
  layer: Dense,
  from: ArrayLike<number>,
  to: Float64Array,
  deltas: Float64Array,
  inputDeltas: Float64Array | undefined,
): void {
  const { inputs, outputs, kernelGradient, biasGradient, rectified } = layer
  for (let o = 0; o < outputs; o++) {
    if (rectified && to[o] === 0) deltas[o] = 0
    const delta = deltas[o] as number
    biasGradient[o] = (biasGradient[o] as number) + delta
    for (let i = 0; i < inputs; i++) {
      const at = i * outputs + o
      kernelGradient[at] = (kernelGradient[at] as number) + delta * (from[i] as number)
    }
  }
  if (inputDeltas !== undefined) passDown(layer, deltas, inputDeltas)
}

function passDown({ inputs, outputs, kernel }: Dense, deltas: Float64Array, inputDeltas: Float64Array): void {
  for (let i = 0; i < inputs; i++) {
    let sum = 0
    for (let o = 0; o < outputs; o++) sum += (kernel[i * outputs + o] as number) * (deltas[o] as number)
    inputDeltas[i] = sum
  }
}
