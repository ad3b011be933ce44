import { type Hook, metrics, train } from '@hookstep/catalogue'
import { paceOf } from './run-pace.ts'

/**
 * Measures how fast a run trains, told at each `train.log` as `metrics.measured` with the source `throughput`:
 * `samples_per_second`, of all ranks together, and `steps_per_second`, smoothed over the last seconds. The first step, which is slow where
 * things are compiled, and evaluations are left out. The main rank's only.
 *
 * ```ts
 * const hooks = [throughput(), history()]
 * ```
 */
export function throughput(): Hook {
  return {
    name: 'throughput',
    setup(run) {
      if (!run.distributed.isMain) return
      const pace = paceOf(run)
      run.subscribe(train.log, ({ distributed, step, progress }) => {
        pace.observe()
        const { samplesPerSecond, stepsPerSecond } = pace.outlook()
        if (samplesPerSecond === undefined || stepsPerSecond === undefined) return
        const values = { samples_per_second: samplesPerSecond, steps_per_second: stepsPerSecond }
        return run.trigger(
          metrics.measured,
          Object.freeze({ distributed, step, progress, source: 'throughput', values }),
        )
      })
    },
  }
}
