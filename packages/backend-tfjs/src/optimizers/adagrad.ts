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

export interface AdagradOptions extends DecayOptions {
  /** What the sum of squared gradients starts from. Default 0. */
  readonly initialSum?: number
  /** Keeps the quotient finite. Default 1e-10. */
  readonly epsilon?: number
}

/**
 * Adagrad: `s ← s + g²`, `p ← p − η g / (√s + ε)` (Duchi, Hazan and Singer, 2011,
 * https://jmlr.org/papers/v12/duchi11a.html, diagonal matrices).
 */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  const { initialSum = 0, epsilon = 1e-10, weightDecay = 0, decays = hasTwoDimensions } = options
  checkRange('adagrad', 'initialSum', initialSum, 0, Infinity)
  checkRange('adagrad', 'epsilon', epsilon, 0, Infinity)
  checkRange('adagrad', 'weightDecay', weightDecay, 0, Infinity)
  return {
    name: 'adagrad',
    configuration: { initialSum, epsilon, weightDecay },
    slots: { sum: initialSum },
    stepSlots: {},
    decays,
    update: (decayed) => {
      const g = penalized(decayed, weightDecay)
      const sum = slot('sum').plus(g.times(g))
      const direction = g.over(sum.squareRoot().plus(epsilon))
      return { parameter: parameter.minus(direction.times(learningRate)), slots: { sum } }
    },
  }
}
