import * as tf from '@tensorflow/tfjs'
import type { Learner } from './learner.ts'
import type { Parameter } from './parameters.ts'
import type { FunctionTask } from './task.ts'

/**
 * Functions over named tensors as something to train.
 *
 * @throws Error where there are no parameters, or a name cannot be one.
 */
export function functions(task: FunctionTask): Learner {
  const parameters = Object.entries(task.parameters).map(([name, tensor]) => asParameter(name, tensor))
  if (parameters.length === 0) throw new Error('The task has no parameters: there is nothing to learn')
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

function asParameter(name: string, tensor: tf.Tensor): Parameter {
  if (tensor.dtype !== 'float32') {
    throw new Error(`The parameter '${name}' is of type ${tensor.dtype}: only float32 can be learned`)
  }
  if (tensor instanceof tf.Variable) return { name, variable: tensor }
  const variable = tf.variable(tensor)
  tensor.dispose()
  return { name, variable }
}
