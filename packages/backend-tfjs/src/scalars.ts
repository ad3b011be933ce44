import type { LazyScalar } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { Readback } from './readback.ts'

/** A number on the device, times a factor, with several holders: the last one to let go releases it. */
class SharedScalar {
  readonly tensor: tf.Tensor
  readonly factor: number
  #holders = 1

  /** Takes the tensor over. */
  constructor(tensor: tf.Tensor, factor: number) {
    this.tensor = tf.keep(tensor)
    this.factor = factor
  }

  hold(): this {
    this.#holders += 1
    return this
  }

  release(): void {
    this.#holders -= 1
    if (this.#holders === 0) this.tensor.dispose()
  }

  /** A handle, one more holder. */
  handle(readback: Readback): LazyScalar {
    const held = this.hold()
    return {
      read: () => readback.number(held.tensor, held.factor),
      dispose: () => held.release(),
    }
  }
}

/** A number on the device by itself, as a handle that owns it. */
export function lazyScalar(tensor: tf.Tensor, readback: Readback): LazyScalar {
  const kept = tf.keep(tensor)
  return { read: () => readback.number(kept, 1), dispose: () => kept.dispose() }
}

/** The loss and the metrics of a step: weighted sums over its microbatches. */
export class WeightedSums {
  readonly #sums = new Map<string, SharedScalar>()

  /** Takes the tensor over. With one microbatch nothing is computed: the weight counts when it is read. */
  add(name: string, tensor: tf.Tensor, weight: number): void {
    const before = this.#sums.get(name)
    this.#sums.set(
      name,
      before === undefined ? new SharedScalar(tensor, weight) : sum(before, tensor, weight),
    )
  }

  get names(): readonly string[] {
    return [...this.#sums.keys()]
  }

  /** @throws Error where there is no such number. */
  handle(name: string, readback: Readback): LazyScalar {
    const sum = this.#sums.get(name)
    if (sum !== undefined) return sum.handle(readback)
    throw new Error(`There is no ${name} yet: forwardBackward() comes first`)
  }

  /** By name: a tensor, and by what it is to be multiplied. */
  held(): (readonly [name: string, sum: { readonly tensor: tf.Tensor; readonly factor: number }])[] {
    return [...this.#sums]
  }

  clear(): void {
    for (const sum of this.#sums.values()) sum.release()
    this.#sums.clear()
  }
}

function sum(before: SharedScalar, tensor: tf.Tensor, weight: number): SharedScalar {
  const total = tf.tidy(() => tf.add(tf.mul(before.tensor, before.factor), tf.mul(tensor, weight)))
  before.release()
  tensor.dispose()
  return new SharedScalar(total, 1)
}
