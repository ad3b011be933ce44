import type { NamedArrays, Random } from '@hookstep/trainer'
import { backward, type Dense, forward } from './dense.ts'
import { countParameters, named } from './layout.ts'

/**
 * Fully connected layers, for one sample at a time. All parameters lie in one array, and so do all
 * gradients: what is done to each number is one loop. Samples pass through without an allocation.
 */
export class Network {
  readonly parameters: Float32Array
  readonly gradients: Float32Array
  readonly layers: readonly Dense[]
  readonly widths: readonly number[]
  /** What enters each layer, and after them the outputs. */
  private readonly activations: readonly Float64Array[]
  /** The derivative of the loss by each of those. */
  private readonly deltas: readonly Float64Array[]

  constructor(widths: readonly number[], numbers: Random) {
    this.widths = widths
    this.parameters = new Float32Array(countParameters(widths))
    this.gradients = new Float32Array(this.parameters.length)
    this.layers = layersOf(widths, this.parameters, this.gradients)
    this.activations = widths.map((width) => new Float64Array(width))
    this.deltas = widths.map((width) => new Float64Array(width))
    initialize(this.layers, numbers)
  }

  get inputs(): Float64Array {
    return this.activations[0] as Float64Array
  }

  get outputs(): Float64Array {
    return this.activations[this.layers.length] as Float64Array
  }

  /** To be filled with the derivative of the loss by the outputs before `backward`. */
  get outputDeltas(): Float64Array {
    return this.deltas[this.layers.length] as Float64Array
  }

  /** Copies a sample's inputs from `data`. With `noise`, normal numbers are added, times `deviation`. */
  enter(data: ArrayLike<number>, sample: number, deviation: number, noise: Random | undefined): void {
    const { inputs } = this
    const first = sample * inputs.length
    for (let i = 0; i < inputs.length; i++) {
      const value = data[first + i] as number
      inputs[i] = noise === undefined ? value : value + deviation * noise.normal()
    }
  }

  /** From the inputs to the outputs. */
  forward(): void {
    for (let l = 0; l < this.layers.length; l++) {
      forward(
        this.layers[l] as Dense,
        this.activations[l] as Float64Array,
        this.activations[l + 1] as Float64Array,
      )
    }
  }

  /** From the outputs' deltas to the gradients, to which `share` times this sample's are added. */
  backward(share: number): void {
    const { outputDeltas } = this
    for (let o = 0; o < outputDeltas.length; o++) outputDeltas[o] = (outputDeltas[o] as number) * share
    for (let l = this.layers.length - 1; l >= 0; l--) {
      backward(
        this.layers[l] as Dense,
        this.activations[l] as Float64Array,
        this.activations[l + 1] as Float64Array,
        this.deltas[l + 1] as Float64Array,
        l > 0 ? this.deltas[l] : undefined,
      )
    }
  }
}

function layersOf(widths: readonly number[], parameters: Float32Array, gradients: Float32Array): Dense[] {
  const [values, slopes] = [views(named(widths, parameters)), views(named(widths, gradients))]
  return widths.slice(0, -1).map((inputs, position) => ({
    inputs,
    outputs: widths[position + 1] as number,
    kernel: values[2 * position] as Float32Array,
    bias: values[2 * position + 1] as Float32Array,
    kernelGradient: slopes[2 * position] as Float32Array,
    biasGradient: slopes[2 * position + 1] as Float32Array,
    rectified: position < widths.length - 2,
  }))
}

function views(arrays: NamedArrays): Float32Array[] {
  return Object.values(arrays).map(({ data }) => data as Float32Array)
}

/** He et al. 2015, eq. 10: a variance of 2 / inputs keeps rectified activations of one size. Biases begin at 0. */
function initialize(layers: readonly Dense[], numbers: Random): void {
  for (const { kernel, inputs } of layers) {
    for (let i = 0; i < kernel.length; i++) kernel[i] = numbers.normal() * Math.sqrt(2 / inputs)
  }
}
