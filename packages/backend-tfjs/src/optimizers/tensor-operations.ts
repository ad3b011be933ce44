import * as tf from '@tensorflow/tfjs'
import { fold } from './fold.ts'
import type { BinaryOperation, Term, UnaryOperation } from './term.ts'

/**
 * Carries out terms as TensorFlow.js operations: for engines without a kernel of their own for updates.
 * Constants become tensors once, and are kept.
 */
export class TensorOperations {
  readonly #constants = new Map<number, tf.Tensor>()

  /** The values of terms. To be called within a `tidy`. */
  evaluate(terms: readonly Term[], values: ReadonlyMap<string, tf.Tensor>): tf.Tensor[] {
    const done = new Map<Term, tf.Tensor>()
    const algebra = {
      constant: (value: number) => this.#constant(value),
      value: (name: string) => values.get(name) as tf.Tensor,
      unary: (operation: UnaryOperation, operand: tf.Tensor) => unary[operation](operand),
      binary: (operation: BinaryOperation, left: tf.Tensor, right: tf.Tensor) =>
        binary[operation](left, right),
    }
    return terms.map((term) => fold(term, algebra, done))
  }

  held(): tf.Tensor[] {
    return [...this.#constants.values()]
  }

  dispose(): void {
    for (const constant of this.#constants.values()) constant.dispose()
    this.#constants.clear()
  }

  #constant(value: number): tf.Tensor {
    const tensor = this.#constants.get(value) ?? tf.keep(tf.scalar(value))
    this.#constants.set(value, tensor)
    return tensor
  }
}

const unary: Record<UnaryOperation, (x: tf.Tensor) => tf.Tensor> = {
  squareRoot: tf.sqrt,
  sign: tf.sign,
}

const binary: Record<BinaryOperation, (x: tf.Tensor, y: tf.Tensor) => tf.Tensor> = {
  add: tf.add,
  subtract: tf.sub,
  multiply: tf.mul,
  divide: tf.div,
  maximum: tf.maximum,
}
