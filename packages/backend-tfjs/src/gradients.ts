import type { NamedArrays, NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { NamedTensor, Parameter } from './parameters.ts'
import { after, type Readback } from './readback.ts'

/** The gradients of a step, in the order of the parameters. */
export class Gradients {
  readonly #parameters: readonly Parameter[]
  #tensors: tf.Tensor[] | undefined

  constructor(parameters: readonly Parameter[]) {
    this.#parameters = parameters
  }

  /** Adds the gradients of a microbatch, and takes the tensors over. */
  add(tensors: tf.Tensor[]): void {
    const sums = this.#tensors
    if (sums === undefined) this.#tensors = tensors.map((tensor) => tf.keep(tensor))
    else
      this.#replace(
        tensors,
        tf.tidy(() => sums.map((sum, index) => tf.add(sum, tensors[index] as tf.Tensor))),
      )
  }

  /** @throws Error where there are none. */
  get tensors(): readonly tf.Tensor[] {
    if (this.#tensors !== undefined) return this.#tensors
    throw new Error('There are no gradients: forwardBackward() or writeGradients() comes first')
  }

  /** Scales all of them down to a global norm of at most `maxNorm`. Returns the norm before. */
  clip(maxNorm: number): tf.Scalar {
    const tensors = this.tensors
    const [norm, ...clipped] = tf.tidy(() => {
      const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)))
      const norm = tf.sqrt(tf.addN(squares))
      const factor = tf.minimum(tf.div(maxNorm, norm), 1)
      return [norm, ...tensors.map((tensor) => tf.mul(tensor, factor))]
    })
    this.#replace([], clipped)
    return tf.keep(norm as tf.Scalar)
  }

  /** Copies all elements to one array; zeros where there is no gradient. */
  read(readback: Readback): Float32Array | Promise<Float32Array> {
    if (this.#tensors === undefined) return new Float32Array(sizeOf(this.#parameters))
    const joined = tf.tidy(() =>
      tf.concat1d(this.tensors.map((tensor) => tf.reshape(tensor, [-1]) as tf.Tensor1D)),
    )
    return after(readback.arrays([joined]), ([array]) => {
      joined.dispose()
      return array?.data as Float32Array
    })
  }

  /** Puts elements in the order of `read` in place of the gradients. */
  write(elements: Float32Array): void {
    const size = sizeOf(this.#parameters)
    if (elements.length !== size) {
      throw new Error(`There are ${size} gradients, but ${elements.length} were given`)
    }
    let start = 0
    const tensors = this.#parameters.map(({ variable }) => {
      const end = start + variable.size
      const own = elements.slice(start, end)
      start = end
      return tf.tensor(own, variable.shape, 'float32')
    })
    this.clear()
    this.add(tensors)
  }

  /** Those that there are, as `<parameter>/gradient`. */
  named(): NamedTensor[] {
    return this.held().map((tensor, index) => namedLike(this.#parameters[index] as Parameter, tensor))
  }

  /** All that there can be, by the same names. */
  expected(): NamedTensor[] {
    return this.#parameters.map((parameter) => namedLike(parameter, parameter.variable))
  }

  /** Puts copies of arrays by those names in place of the gradients. */
  load(arrays: NamedArrays): void {
    const tensors = this.expected().map(({ name, read }) =>
      tf.tensor((arrays[name] as NdArray).data.slice(), read().shape, 'float32'),
    )
    this.clear()
    this.add(tensors)
  }

  held(): readonly tf.Tensor[] {
    return this.#tensors ?? []
  }

  clear(): void {
    if (this.#tensors !== undefined) tf.dispose(this.#tensors)
    this.#tensors = undefined
  }

  #replace(used: readonly tf.Tensor[], tensors: readonly tf.Tensor[]): void {
    for (const tensor of used) tensor.dispose()
    this.clear()
    this.#tensors = tensors.map((tensor) => tf.keep(tensor))
  }
}

function namedLike({ name }: Parameter, tensor: tf.Tensor): NamedTensor {
  return { name: `${name}/gradient`, read: () => tensor, write: () => {} }
}

function sizeOf(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { variable }) => sum + variable.size, 0)
}
