import {
  checkRange,
  type DecayOptions,
  hasTwoDimensions,
  learningRate,
  type Optimizer,
  parameter,
  penalized,
  slot,
} from './optimizer.ts'

export interface MomentumOptions extends DecayOptions {
  /** How much of the velocity stays. Default 0.9. */
  readonly momentum?: number
  /** Look ahead by Nesterov's rule. Default false. */
  readonly nesterov?: boolean
}

/**
 * Gradient descent with momentum: `v ← μ v + g`, `p ← p − η v`; with `nesterov`, `p ← p − η (g + μ v)`
 * (Sutskever et al., 2013, https://proceedings.mlr.press/v28/sutskever13.html, with the learning rate
 * outside of the velocity).
 */
export function momentum(options: MomentumOptions = {}): Optimizer {
  const { momentum: kept = 0.9, nesterov = false, weightDecay = 0, decays = hasTwoDimensions } = options
  checkRange('momentum', 'momentum', kept, 0, 1)
  checkRange('momentum', 'weightDecay', weightDecay, 0, Infinity)
  return {
    name: 'momentum',
    configuration: { momentum: kept, nesterov, weightDecay },
    slots: { velocity: 0 },
    stepSlots: {},
    decays,
    update: (decayed) => {
      const g = penalized(decayed, weightDecay)
      const velocity = slot('velocity').times(kept).plus(g)
      const direction = nesterov ? g.plus(velocity.times(kept)) : velocity
      return { parameter: parameter.minus(direction.times(learningRate)), slots: { velocity } }
    },
  }
}
