import * as tf from '@tensorflow/tfjs'
import type { Learner } from './learner.ts'
import type { FunctionTask } from './task.ts'

/**
 * Functions over named tensors as something to train.
 *
 * @throws Error where there are no parameters, or a name cannot be one.
 */
export function functions(task: FunctionTask): Learner {
  const entries = Object.entries(task.parameters)
  if (entries.length === 0) throw new Error('The task has no parameters: there is nothing to learn')
  for (const [name, tensor] of entries) checkType(name, tensor)
  const parameters = entries.map(([name, tensor]) => ({ name, variable: asVariable(tensor) }))
  const variables: Record<string, tf.Tensor> = {}
  for (const { name, variable } of parameters) variables[name] = variable
  return {
    model: task,
    parameters,
    statistics: [],
    inputs: undefined,
    forward: (batch, training) => task.forward(variables, batch, { training }),
    penalties: () => [],
    dispose: () => {
      for (const { variable } of parameters) variable.dispose()
    },
  }
}

function checkType(name: string, { dtype }: tf.Tensor): void {
  if (dtype === 'float32') return
  throw new Error(`The parameter '${name}' is of type ${dtype}: only float32 can be learned`)
}

function asVariable(tensor: tf.Tensor): tf.Variable {
  if (tensor instanceof tf.Variable) return tensor
  const variable = tf.variable(tensor)
  tensor.dispose()
  return variable
}
