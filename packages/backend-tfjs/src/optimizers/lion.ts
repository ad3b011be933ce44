import {
  average,
  checkRange,
  type DecayOptions,
  gradient,
  hasTwoDimensions,
  learningRate,
  type Optimizer,
  parameter,
  slot,
} from './optimizer.ts'

export interface LionOptions extends DecayOptions {
  /** Weighs the mean against the gradient in the direction. Default 0.9. */
  readonly beta1?: number
  /** Decay of the mean of gradients. Default 0.99. */
  readonly beta2?: number
}

/**
 * Lion: every element moves by `η`, in the direction of the sign of `β₁ m + (1 − β₁) g` (Chen et al., 2023,
 * https://arxiv.org/abs/2302.06675, algorithm 2). Weight decay is decoupled. Take a learning rate 3 to 10
 * times smaller than Adam's.
 */
export function lion(options: LionOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.99, weightDecay = 0, decays = hasTwoDimensions } = options
  checkRange('lion', 'beta1', beta1, 0, 1)
  checkRange('lion', 'beta2', beta2, 0, 1)
  checkRange('lion', 'weightDecay', weightDecay, 0, Infinity)
  return {
    name: 'lion',
    configuration: { beta1, beta2, weightDecay },
    slots: { mean: 0 },
    stepSlots: {},
    decays,
    update: (decayed) => {
      const direction = average(slot('mean'), beta1, gradient).sign()
      const whole = decayed && weightDecay > 0 ? direction.plus(parameter.times(weightDecay)) : direction
      return {
        parameter: parameter.minus(whole.times(learningRate)),
        slots: { mean: average(slot('mean'), beta2, gradient) },
      }
    },
  }
}
