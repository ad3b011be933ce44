import * as tf from '@tensorflow/tfjs'
import type { Parameter } from './parameters.ts'

/**
 * Runs `forward` and goes back through it. Returns its loss, and `weight` times the gradient of each
 * parameter. To be called within a `tidy`.
 *
 * @throws Error naming a parameter on which the loss does not depend.
 */
export function gradientsOf(
  forward: () => tf.Scalar,
  parameters: readonly Parameter[],
  weight: tf.Scalar,
): { loss: tf.Scalar; gradients: tf.Tensor[] } {
  const variables = parameters.map(({ variable }) => variable as tf.Tensor)
  const { value, grads } = differentiate(forward, variables, weight)
  const gradients = grads.map((gradient, index) => {
    if (gradient === undefined) throw unused(parameters[index] as Parameter)
    // A gradient that is the weight itself must not share its fate.
    return gradient === weight ? tf.clone(gradient) : gradient
  })
  return { loss: value as tf.Scalar, gradients }
}

/** `tf.variableGrads` without its searches through all variables; the tape is released on errors, too. */
function differentiate(
  forward: () => tf.Scalar,
  variables: tf.Tensor[],
  weight: tf.Scalar,
): { value: tf.Tensor; grads: (tf.Tensor | undefined)[] } {
  try {
    return tf.engine().gradients(forward, variables, weight, true)
  } catch (error) {
    releaseTape()
    throw error
  }
}

/** What the engine keeps for the way back, and would keep forever after an error. */
interface Tape {
  activeTape: { saved?: tf.Tensor[] }[] | null
  gradientDepth: number
}

function releaseTape(): void {
  const state = tf.engine().state as unknown as Tape
  if (state.gradientDepth > 0) return
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? [])
  state.activeTape = null
}

function unused({ name }: Parameter): Error {
  return new Error(
    `The parameter '${name}' has no gradient: the loss does not depend on it. Use it in the forward pass, or take it out of what is trained (of a layer: trainable: false)`,
  )
}
