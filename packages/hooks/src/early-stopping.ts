import { type Hook, type LiveArrays, train } from '@hookstep/catalogue'
import { check, checkNames, isCount } from './check.ts'
import { decodeArrays, type EncodedArrays, encodeArrays } from './encoded-arrays.ts'
import { resolveWatch, Watch, type WatchOptions, type WatchState, watchNames } from './watch.ts'

export interface EarlyStoppingOptions extends WatchOptions {
  /** The run ends when so many looks in a row were no better. Default 3. */
  readonly patience?: number
  /**
   * Whether the model gets back the parameters of the best evaluation at the end: one read of all parameters at
   * each evaluation that is better, and a copy of them in every checkpoint. Default true; false with `of: 'log'`.
   */
  readonly restoreBest?: boolean
}

type State = { readonly watch: WatchState; readonly best: EncodedArrays | null }

/**
 * Ends a run that gets no better.
 *
 * ```ts
 * const hooks = [earlyStopping({ metric: 'accuracy', mode: 'max', patience: 5 })]
 * ```
 *
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Hook {
  checkNames('earlyStopping', options, { patience: true, restoreBest: true, ...watchNames })
  const watched = resolveWatch('earlyStopping', options)
  const { patience = 3, restoreBest = watched.of === 'evaluation' } = options
  check('earlyStopping', 'patience', patience, isCount(patience), 'a positive whole number')
  const isPossible = !restoreBest || watched.of === 'evaluation'
  check('earlyStopping', 'restoreBest', restoreBest, isPossible, "false with of: 'log', which comes late")
  const reason = `${watched.metric} was no better ${patience} times in a row`

  return {
    name: 'early-stopping',
    setup(run) {
      const watch = new Watch(watched)
      let parameters: LiveArrays
      let best: EncodedArrays | null = null

      run.persist<State>({
        version: 1,
        save: () => ({ watch: watch.state, best }),
        load(state) {
          watch.state = state.watch
          best = state.best
        },
      })
      run.subscribe(train.configuration.model_stages, (context) => {
        parameters = context.parameters
      })
      // A run that goes on from where it was stopped is stopped there again, unless it is given more patience.
      run.subscribe(train.ready, () => {
        if (watch.state.misses >= patience) run.stop(reason)
      })
      watch.follow(run, async ({ isBetter, misses }) => {
        if (isBetter && restoreBest) best = encodeArrays(await parameters.read())
        if (misses >= patience) run.stop(reason)
      })
      run.subscribe(train.closed, async ({ outcome }) => {
        if (best !== null && outcome !== 'failed') await parameters.write(decodeArrays(best))
      })
    },
  }
}
