import * as tf from '@tensorflow/tfjs'

/** A number that reaches the operations as a tensor: uploaded when it has changed, kept while it has not. */
export class DeviceNumber {
  #value = Number.NaN
  #tensor: tf.Scalar | undefined

  set(value: number): tf.Scalar {
    if (value === this.#value && this.#tensor !== undefined) return this.#tensor
    this.dispose()
    this.#value = value
    this.#tensor = tf.keep(tf.scalar(value, 'float32'))
    return this.#tensor
  }

  held(): tf.Tensor[] {
    return this.#tensor === undefined ? [] : [this.#tensor]
  }

  dispose(): void {
    this.#tensor?.dispose()
    this.#tensor = undefined
  }
}
