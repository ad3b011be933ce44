import { type Hook, train } from '@hookstep/catalogue'
import { check, checkNames, isCount } from './check.ts'

export interface LearningRateFinderOptions {
  /** The rate of the first step. Default 1e-7. */
  readonly from?: number
  /** The rate of the last step. Default 10. */
  readonly to?: number
  /** Steps from one to the other. Default 100. */
  readonly steps?: number
  /** How much of the smoothed loss is old. Default 0.9. */
  readonly smoothing?: number
  /** A smoothed loss of more than so many times the lowest ends the run. Default 4. */
  readonly divergence?: number
}

/** A step of the test. */
export type RatePoint = {
  readonly rate: number
  readonly loss: number
  /** An exponential moving average of the losses, its start corrected as in Adam (Kingma & Ba 2015, section 3). */
  readonly smoothed: number
}

/** A hook that tries learning rates. */
export interface LearningRateFinder extends Hook {
  /** What was seen so far, a point for each step. */
  readonly points: readonly RatePoint[]
  /**
   * The rate at which the smoothed loss fell most steeply, over the logarithm of the rate, on the way to its
   * lowest. Undefined where it never fell.
   */
  readonly suggestion: number | undefined
}

/**
 * Tries learning rates: a short run in which the rate grows exponentially with each step, until the loss
 * diverges or the steps are done (the range test of Smith 2017, "Cyclical Learning Rates", section 3.3).
 *
 * It takes a run of its own, since its parameters are of no use afterwards: make another trainer, of the same
 * seed, with the rate that was found. The trainer's own schedule is passed over. A host sync a step. With several
 * ranks, each sees its own part of the losses: take the main rank's suggestion.
 *
 * ```ts
 * const finder = learningRateFinder({ from: 1e-6, to: 1, steps: 200 })
 * // … after a run of at least 200 steps with `hooks: [finder]`
 * const learningRate = finder.suggestion ?? 0.001
 * ```
 *
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function learningRateFinder(options: LearningRateFinderOptions = {}): LearningRateFinder {
  checkNames('learningRateFinder', options, names)
  const { from = 1e-7, to = 10, steps = 100, smoothing = 0.9, divergence = 4 } = options
  check('learningRateFinder', 'from', from, from > 0, 'a positive number')
  check('learningRateFinder', 'to', to, to > from && Number.isFinite(to), `more than ${from}`)
  check('learningRateFinder', 'steps', steps, isCount(steps) && steps > 1, 'a whole number from 2 on')
  check('learningRateFinder', 'smoothing', smoothing, smoothing >= 0 && smoothing < 1, 'from 0 to below 1')
  check('learningRateFinder', 'divergence', divergence, divergence > 1, 'more than 1')
  let points: RatePoint[] = []

  return {
    name: 'learning-rate-finder',
    get points() {
      return points
    },
    get suggestion() {
      return steepest(points, smoothing)
    },
    setup(run) {
      points = []
      run.persist<readonly RatePoint[]>({
        version: 1,
        save: () => [...points],
        load(state) {
          points = [...state]
        },
      })
      run.subscribe(train.configuration.lr_scheduler, ({ adjust }) => {
        adjust((_, step) => from * (to / from) ** ((step - 1) / (steps - 1)))
      })
      run.subscribe(train.forward_backward.post, async (context) => {
        // A run that goes on after a failure tells the same step again.
        if (context.step <= points.length) return
        const loss = await context.loss()
        const smoothed = smooth(points, loss, smoothing)
        const lowest = Math.min(...points.map((point) => point.smoothed))
        if (!(smoothed <= divergence * lowest)) {
          // The parameters need not be spoilt for those who look at them.
          run.skipStep('the loss diverges')
          run.stop(`the loss diverges at a learning rate of ${context.learningRate}`)
          return
        }
        points.push({ rate: context.learningRate, loss, smoothed })
        if (context.step >= steps) run.stop(`all learning rates up to ${to} have been tried`)
      })
    },
  }
}

const names = { from: true, to: true, steps: true, smoothing: true, divergence: true } as const

/** Goes on from the last point's: without its correction, that was the average so far. */
function smooth(points: readonly RatePoint[], loss: number, smoothing: number): number {
  const corrected = points.at(-1)?.smoothed ?? 0
  const before = corrected * (1 - smoothing ** points.length)
  return (smoothing * before + (1 - smoothing) * loss) / (1 - smoothing ** (points.length + 1))
}

/** Leaves out the beginning, where the average is of few losses, and what comes after the lowest. */
function steepest(points: readonly RatePoint[], smoothing: number): number | undefined {
  const lowest = Math.min(...points.map(({ smoothed }) => smoothed))
  const end = points.findIndex(({ smoothed }) => smoothed === lowest)
  const falling = points.slice(Math.round(1 / (1 - smoothing)), end + 1)
  const slopes = falling.slice(1).map(({ rate, smoothed }, at) => {
    const before = falling[at] as RatePoint
    return { rate, slope: (smoothed - before.smoothed) / Math.log(rate / before.rate) }
  })
  return slopes.filter(({ slope }) => slope < 0).toSorted((a, b) => a.slope - b.slope)[0]?.rate
}
