import {
  average,
  checkRange,
  type DecayOptions,
  gradient,
  hasTwoDimensions,
  learningRate,
  type Optimizer,
  parameter,
  penalized,
  type StepSlot,
  slot,
  stepSlot,
} from './optimizer.ts'
import { constant, type Term } from './term.ts'

export interface AdamOptions extends DecayOptions {
  /** Decay of the mean of gradients. Default 0.9. */
  readonly beta1?: number
  /** Decay of the mean of squared gradients. Default 0.999. */
  readonly beta2?: number
  /** Keeps the quotient finite. Default 1e-8. */
  readonly epsilon?: number
}

/**
 * Adam (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980, algorithm 1). Weight decay is an L2
 * penalty; see {@link adamW} for the other kind.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamLike('adam', 0, options, (weightDecay) => ({
    gradient: (decayed) => penalized(decayed, weightDecay),
    shrunken: () => parameter,
  }))
}

/**
 * Adam with decoupled weight decay: parameters shrink by `η λ`, whatever their gradients (Loshchilov and
 * Hutter, 2019, https://arxiv.org/abs/1711.05101, algorithm 2). `weightDecay` is 0.01 by default.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamLike('adamW', 0.01, options, (weightDecay) => ({
    gradient: () => gradient,
    shrunken: (decayed) =>
      decayed ? parameter.minus(parameter.times(learningRate.times(weightDecay))) : parameter,
  }))
}

/** Where the two differ. */
interface Decay {
  gradient(decayed: boolean): Term
  shrunken(decayed: boolean): Term
}

function adamLike(
  name: string,
  defaultDecay: number,
  options: AdamOptions,
  decay: (weightDecay: number) => Decay,
): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { weightDecay = defaultDecay, decays = hasTwoDimensions } = options
  checkRange(name, 'beta1', beta1, 0, 1)
  checkRange(name, 'beta2', beta2, 0, 1)
  checkRange(name, 'epsilon', epsilon, 0, Infinity)
  checkRange(name, 'weightDecay', weightDecay, 0, Infinity)
  const { gradient, shrunken } = decay(weightDecay)
  return {
    name,
    configuration: { beta1, beta2, epsilon, weightDecay },
    slots: { mean: 0, square: 0 },
    stepSlots: {
      meanWeight: totalWeight('meanWeight', beta1),
      squareWeight: totalWeight('squareWeight', beta2),
    },
    decays,
    update: (decayed) => {
      const g = gradient(decayed)
      const mean = average(slot('mean'), beta1, g)
      const square = average(slot('square'), beta2, g.times(g))
      const unbiasedMean = mean.over(stepSlot('meanWeight'))
      const unbiasedSquare = square.over(stepSlot('squareWeight'))
      const direction = unbiasedMean.over(unbiasedSquare.squareRoot().plus(epsilon))
      return {
        parameter: shrunken(decayed).minus(direction.times(learningRate)),
        slots: { mean, square },
      }
    },
  }
}

/**
 * What the weights in a moving average add up to, `1 − βᵗ`, for the bias correction. It is kept as an
 * average of ones: that resumes exactly, and loses no digits where `βᵗ` is close to 1.
 */
function totalWeight(name: string, beta: number): StepSlot {
  return { initial: 0, next: average(stepSlot(name), beta, constant(1)) }
}
