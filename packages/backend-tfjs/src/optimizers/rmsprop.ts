import {
  average,
  checkRange,
  type DecayOptions,
  hasTwoDimensions,
  learningRate,
  type Optimizer,
  parameter,
  penalized,
  slot,
} from './optimizer.ts'
import type { Term } from './term.ts'

export interface RmspropOptions extends DecayOptions {
  /** Decay of the mean of squared gradients. Default 0.9. */
  readonly decay?: number
  /** How much of the velocity stays; 0 keeps none. Default 0. */
  readonly momentum?: number
  /** Divide by the standard deviation of gradients rather than by their root mean square. Default false. */
  readonly centered?: boolean
  /** Keeps the quotient finite. Default 1e-8. */
  readonly epsilon?: number
}

/**
 * RMSProp: `s ← ρ s + (1 − ρ) g²`, `p ← p − η g / (√s + ε)` (Tieleman and Hinton, 2012, lecture 6e of
 * https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf); `centered` takes the square
 * of the mean gradient from `s` (Graves, 2013, https://arxiv.org/abs/1308.0850, equations 38 to 45).
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { decay = 0.9, momentum = 0, centered = false, epsilon = 1e-8 } = options
  const { weightDecay = 0, decays = hasTwoDimensions } = options
  checkRange('rmsprop', 'decay', decay, 0, 1)
  checkRange('rmsprop', 'momentum', momentum, 0, 1)
  checkRange('rmsprop', 'epsilon', epsilon, 0, Infinity)
  checkRange('rmsprop', 'weightDecay', weightDecay, 0, Infinity)
  return {
    name: 'rmsprop',
    configuration: { decay, momentum, centered, epsilon, weightDecay },
    slots: { square: 0, ...(centered ? { mean: 0 } : {}), ...(momentum > 0 ? { velocity: 0 } : {}) },
    stepSlots: {},
    decays,
    update: (decayed) => {
      const g = penalized(decayed, weightDecay)
      const slots: Record<string, Term> = { square: average(slot('square'), decay, g.times(g)) }
      let spread = slots.square as Term
      if (centered) {
        const mean = average(slot('mean'), decay, g)
        slots.mean = mean
        // Rounding can bring the difference below zero.
        spread = spread.minus(mean.times(mean)).atLeast(0)
      }
      let direction = g.over(spread.squareRoot().plus(epsilon))
      if (momentum > 0) {
        direction = slot('velocity').times(momentum).plus(direction)
        slots.velocity = direction
      }
      return { parameter: parameter.minus(direction.times(learningRate)), slots }
    },
  }
}
