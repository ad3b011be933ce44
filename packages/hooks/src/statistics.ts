import {
  checkTrigger,
  every,
  type Hook,
  type LiveArrays,
  type NamedArrays,
  type RunContext,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import { defineEvent, type Event } from '@hookstep/core'
import { type ArrayStatistics, statisticsOf } from './array-statistics.ts'
import { check, isCount } from './check.ts'

export interface StatisticsOptions {
  /** When they are taken. Default `every('100 steps')`. */
  readonly when?: Trigger
  /** Bins of each histogram. Default 32. */
  readonly bins?: number
  /** Receives them, besides handlers of {@link statisticsMeasured}. A returned promise is waited for. */
  readonly report?: (statistics: StatisticsContext) => unknown
}

/** What the arrays of a step looked like, by the names of the parameters. */
export interface StatisticsContext extends RunContext {
  readonly step: number
  /** After the step's update. */
  readonly parameters: Readonly<Record<string, ArrayStatistics>>
  /** As the update used them: averaged over the global batch, clipped. */
  readonly gradients: Readonly<Record<string, ArrayStatistics>>
}

/** Statistics were taken. Comes between `train.optimizer_step.post` and `train.log`. */
export const statisticsMeasured: Event<StatisticsContext> = defineEvent('statistics.measured')

/**
 * Measures parameters and gradients, array by array: norm, mean, range, histogram. Each time it reads all of
 * them from the device, so let it be seldom; nothing is read where nobody listens. The main rank's only.
 *
 * ```ts
 * import { every } from '@hookstep/catalogue'
 * import { statistics } from '@hookstep/hooks'
 *
 * const hooks = [
 *   statistics({ when: every('500 steps'), report: ({ step, gradients }) => console.log(step, gradients) }),
 * ]
 * ```
 *
 * @throws RangeError on an option that cannot be.
 */
export function statistics(options: StatisticsOptions = {}): Hook {
  const { when = every('100 steps'), bins = 32, report } = options
  checkTrigger(when)
  check('statistics', 'bins', bins, isCount(bins), 'a positive whole number')
  const describe = (arrays: NamedArrays): Record<string, ArrayStatistics> =>
    Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, statisticsOf(data, bins)]))

  return {
    name: 'statistics',
    setup(run) {
      if (!run.distributed.isMain) return
      let parameters: LiveArrays
      let gradients: LiveArrays
      run.subscribe(train.configuration.model_stages, (context) => {
        parameters = context.parameters
      })
      run.subscribe(train.configuration.optimizer, (context) => {
        gradients = context.gradients
      })
      const measure = async ({ step, distributed }: { step: number } & RunContext): Promise<void> => {
        if (report === undefined && !run.hasSubscribers(statisticsMeasured)) return
        const measured = Object.freeze({
          distributed,
          step,
          parameters: describe(await parameters.read()),
          gradients: describe(await gradients.read()),
        })
        await report?.(measured)
        await run.trigger(statisticsMeasured, measured)
      }
      run.subscribe(train.optimizer_step.post, measure, { when })
    },
  }
}
