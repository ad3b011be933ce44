import {
  checkTrigger,
  every,
  type Hook,
  type LiveArrays,
  metrics,
  type NamedArrays,
  type Progress,
  type Run,
  type RunContext,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import { defineEvent, type Event } from '@hookstep/core'
import { type ArrayStatistics, edgesOf, statisticsOf } from './array-statistics.ts'
import { check, checkNames, isCount } from './check.ts'

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

/** Statistics were taken. Comes at `train.optimizer_step.post`, before they are told as `metrics.*`. */
export const statisticsMeasured: Event<StatisticsContext> = defineEvent('statistics.measured')

/**
 * Measures parameters and gradients, array by array: norm, mean, range, histogram. Whoever writes numbers down takes
 * them, too: the histograms are told as `metrics.media`, named like `gradients/layer1/kernel`, everything else as
 * `metrics.measured` with the source `statistics`, named like `gradients/layer1/kernel/norm`. Each time it reads all of
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
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function statistics(options: StatisticsOptions = {}): Hook {
  checkNames('statistics', options, { when: true, bins: true, report: true })
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
      const listeners = [statisticsMeasured, metrics.measured, metrics.media]
      const measure = async ({ step, distributed, progress }: Moment): Promise<void> => {
        if (report === undefined && !listeners.some((event) => run.hasSubscribers(event))) return
        const measured = Object.freeze({
          distributed,
          step,
          parameters: describe(await parameters.read()),
          gradients: describe(await gradients.read()),
        })
        await report?.(measured)
        await run.trigger(statisticsMeasured, measured)
        await tellMetrics(run, { distributed, step, progress }, measured)
      }
      run.subscribe(train.optimizer_step.post, measure, { when })
    },
  }
}

/** Where in a run statistics are taken. */
interface Moment extends RunContext {
  readonly step: number
  readonly progress: Progress
}

/** Tells those who write numbers down, whatever these are about. */
async function tellMetrics(
  run: Run,
  moment: Moment,
  { parameters, gradients }: StatisticsContext,
): Promise<void> {
  const arrays = [...named('parameters', parameters), ...named('gradients', gradients)]
  const values = Object.fromEntries(arrays.flatMap(([name, statistics]) => numbersOf(name, statistics)))
  await run.trigger(metrics.measured, Object.freeze({ ...moment, source: 'statistics', values }))
  for (const [name, { histogram }] of arrays) {
    const media = Object.freeze({ kind: 'histogram', edges: edgesOf(histogram), counts: histogram.counts })
    await run.trigger(metrics.media, Object.freeze({ ...moment, name, media }))
  }
}

function named(
  group: string,
  arrays: Readonly<Record<string, ArrayStatistics>>,
): [name: string, statistics: ArrayStatistics][] {
  return Object.entries(arrays).map(([name, statistics]) => [`${group}/${name}`, statistics])
}

function numbersOf(array: string, { count, histogram, ...numbers }: ArrayStatistics): [string, number][] {
  return Object.entries(numbers).map(([name, value]) => [`${array}/${snake(name)}`, value])
}

/** As metrics are spelt: `standard_deviation`. */
function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
