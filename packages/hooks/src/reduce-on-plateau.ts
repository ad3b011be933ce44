import { type Hook, train } from '@hookstep/catalogue'
import { check, checkNames, isCount } from './check.ts'
import { resolveWatch, Watch, type WatchOptions, type WatchState, watchNames } from './watch.ts'

export interface ReduceOnPlateauOptions extends WatchOptions {
  /** What the learning rate is multiplied by. Default 0.1. */
  readonly factor?: number
  /** It is reduced when so many looks in a row were no better. Default 3. */
  readonly patience?: number
  /** It is not reduced below this. Default 0. */
  readonly minimumRate?: number
}

type State = { readonly watch: WatchState; readonly scale: number }

/**
 * Reduces the learning rate of a run that gets no better, from the next step on. Goes with any schedule: what it
 * gives is multiplied.
 *
 * ```ts
 * const hooks = [reduceOnPlateau({ factor: 0.5, patience: 2 })]
 * ```
 *
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Hook {
  checkNames('reduceOnPlateau', options, { factor: true, patience: true, minimumRate: true, ...watchNames })
  const watched = resolveWatch('reduceOnPlateau', options)
  const { factor = 0.1, patience = 3, minimumRate = 0 } = options
  check('reduceOnPlateau', 'factor', factor, factor > 0 && factor < 1, 'between 0 and 1')
  check('reduceOnPlateau', 'patience', patience, isCount(patience), 'a positive whole number')
  check('reduceOnPlateau', 'minimumRate', minimumRate, minimumRate >= 0, 'at least 0')

  return {
    name: 'reduce-on-plateau',
    setup(run) {
      const watch = new Watch(watched)
      let scale = 1

      run.persist<State>({
        version: 1,
        save: () => ({ watch: watch.state, scale }),
        load(state) {
          watch.state = state.watch
          scale = state.scale
        },
      })
      run.subscribe(train.configuration.lr_scheduler, ({ adjust }) => {
        // A schedule may go below the minimum by itself.
        adjust((rate) => Math.max(rate * scale, Math.min(rate, minimumRate)))
      })
      watch.follow(run, ({ misses }) => {
        if (misses < patience) return
        scale *= factor
        watch.state = { ...watch.state, misses: 0 }
      })
    },
  }
}
