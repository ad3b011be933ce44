import type * as tf from '@tensorflow/tfjs'

/** A tensor that is learned, under a name that is the same in every process. */
export interface Parameter {
  readonly name: string
  readonly variable: tf.Variable
}

/** A tensor that is saved and loaded under a name. */
export interface NamedTensor {
  readonly name: string
  read(): tf.Tensor
  /** Takes the tensor over. */
  write(value: tf.Tensor): void
}

export function namedTensor({ name, variable }: Parameter): NamedTensor {
  return {
    name,
    read: () => variable,
    write: (value) => {
      variable.assign(value)
      value.dispose()
    },
  }
}
