import {
  checkRange,
  type DecayOptions,
  hasTwoDimensions,
  learningRate,
  type Optimizer,
  parameter,
  penalized,
} from './optimizer.ts'

/** Gradient descent: `p ← p − η g`. */
export function sgd({ weightDecay = 0, decays = hasTwoDimensions }: DecayOptions = {}): Optimizer {
  checkRange('sgd', 'weightDecay', weightDecay, 0, Infinity)
  return {
    name: 'sgd',
    configuration: { weightDecay },
    slots: {},
    stepSlots: {},
    decays,
    update: (decayed) => ({
      parameter: parameter.minus(penalized(decayed, weightDecay).times(learningRate)),
      slots: {},
    }),
  }
}
