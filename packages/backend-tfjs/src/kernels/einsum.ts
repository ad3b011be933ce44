import * as tf from '@tensorflow/tfjs'

/**
 * Sums of products by their indices, such as `abc,cd->abd`: of one or two tensors, without `...` and
 * without an index twice in the same tensor (as `tf.einsum` says). Two tensors are multiplied as matrices.
 */
export function einsum(inputs: Record<string, tf.Tensor>, { equation }: { equation: string }): tf.Tensor {
  const [left = '', output = ''] = equation.replace(/\s/g, '').split('->')
  const operands = left.split(',').map((indices, at) => ({ indices, tensor: inputs[at] as tf.Tensor }))
  const [first, second] = operands as [Operand, Operand | undefined]
  const whole = second === undefined ? summed(first, output) : product(first, second, output)
  return arranged(whole, output)
}

/** A tensor with a letter for each of its dimensions. */
interface Operand {
  readonly indices: string
  readonly tensor: tf.Tensor
}

function product(first: Operand, second: Operand, output: string): Operand {
  const a = summed(first, second.indices + output)
  const b = summed(second, first.indices + output)
  const shared = common(a.indices, b.indices)
  const batch = common(shared, output)
  const inner = without(shared, output)
  const [rows, columns] = [without(a.indices, shared), without(b.indices, shared)]
  const matrices = tf.matMul(asMatrices(a, batch, rows, inner), asMatrices(b, batch, inner, columns))
  const indices = batch + rows + columns
  const sizes = sizesOf(a, b)
  return {
    indices,
    tensor: tf.reshape(
      matrices,
      [...indices].map((index) => sizes.get(index) as number),
    ),
  }
}

/** Sums over the dimensions that nothing else needs. */
function summed({ indices, tensor }: Operand, needed: string): Operand {
  const alone = without(indices, needed)
  if (alone === '') return { indices, tensor }
  return {
    indices: common(indices, needed),
    tensor: tf.sum(
      tensor,
      [...alone].map((index) => indices.indexOf(index)),
    ),
  }
}

function asMatrices(operand: Operand, batch: string, rows: string, columns: string): tf.Tensor3D {
  const sizes = sizesOf(operand)
  const count = (indices: string): number =>
    [...indices].reduce((product, index) => product * (sizes.get(index) as number), 1)
  return tf.reshape(arranged(operand, batch + rows + columns), [count(batch), count(rows), count(columns)])
}

function arranged({ indices, tensor }: Operand, order: string): tf.Tensor {
  return indices === order
    ? tensor
    : tf.transpose(
        tensor,
        [...order].map((index) => indices.indexOf(index)),
      )
}

function sizesOf(...operands: readonly Operand[]): Map<string, number> {
  return new Map(
    operands.flatMap(({ indices, tensor }) =>
      [...indices].map((index, axis) => [index, tensor.shape[axis] as number] as const),
    ),
  )
}

function common(indices: string, others: string): string {
  return [...indices].filter((index) => others.includes(index)).join('')
}

function without(indices: string, others: string): string {
  return [...indices].filter((index) => !others.includes(index)).join('')
}
