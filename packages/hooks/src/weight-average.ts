import {
  checkTrigger,
  evaluate,
  every,
  type Hook,
  type LiveArrays,
  type NamedArrays,
  type NdArray,
  type Trigger,
  train,
} from '@hookstep/catalogue'
import { check, checkNames } from './check.ts'
import { decodeArrays, type EncodedArrays, encodeArrays } from './encoded-arrays.ts'

export interface WeightAverageOptions {
  /** The share of the old average in the new one, once the run is old enough. Default 0.999. */
  readonly decay?: number
  /** When parameters are averaged in. Default `every('1 steps')`. */
  readonly when?: Trigger
}

type State = {
  readonly updates: number
  /** The step of the last update. */
  readonly step: number
  readonly average: EncodedArrays | null
  readonly trained: EncodedArrays | null
}

/**
 * Keeps an exponential moving average of the parameters. Evaluations see the average, and the model has it when
 * the run has closed; in between, training goes on with the parameters as they are. While the average is young,
 * its decay is `(1 + n) / (10 + n)` after n updates, as in TensorFlow's `ExponentialMovingAverage`.
 *
 * Every update reads all parameters from the device, and every checkpoint holds a copy of the average:
 * `when: every('10 steps')` with a smaller `decay` costs a tenth.
 *
 * ```ts
 * import { every } from '@hookstep/catalogue'
 * import { weightAverage } from '@hookstep/hooks'
 *
 * const hooks = [weightAverage({ decay: 0.99, when: every('10 steps') })]
 * ```
 *
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function weightAverage(options: WeightAverageOptions = {}): Hook {
  checkNames('weightAverage', options, { decay: true, when: true })
  const { decay = 0.999, when = every('1 steps') } = options
  check('weightAverage', 'decay', decay, decay > 0 && decay < 1, 'between 0 and 1')
  checkTrigger(when)

  return {
    name: 'weight-average',
    setup(run) {
      let parameters: LiveArrays
      let updates = 0
      let step = 0
      let average: NamedArrays | undefined
      /** What training goes on with, while the model holds the average. */
      let trained: NamedArrays | undefined

      run.persist<State>({
        version: 1,
        save: () => ({ updates, step, average: encoded(average), trained: encoded(trained) }),
        load(state) {
          ;({ updates, step } = state)
          average = decoded(state.average)
          trained = decoded(state.trained)
        },
      })
      run.subscribe(train.configuration.model_stages, (context) => {
        parameters = context.parameters
      })

      const update = async (context: { readonly step: number }): Promise<void> => {
        // A run that goes on after a failure tells the same step again.
        if (context.step === step) return
        const latest = await parameters.read()
        average = mean(average, latest, Math.min(decay, (1 + updates) / (10 + updates)))
        step = context.step
        updates++
      }
      run.subscribe(train.optimizer_step.post, update, { when })

      run.subscribe(evaluate.pre, async () => {
        if (average === undefined || trained !== undefined) return
        const latest = await parameters.read()
        await parameters.write(average)
        trained = latest
      })
      const putBack = async (): Promise<void> => {
        if (trained !== undefined) await parameters.write(trained)
        trained = undefined
      }
      run.subscribe(evaluate.post, putBack)
      run.subscribe(train.closed, async ({ outcome }) => {
        if (outcome === 'failed') await putBack()
        else if (average !== undefined) await parameters.write(average)
      })
    },
  }
}

/** The average with another set of parameters in it; what is no float is taken as it is. */
function mean(average: NamedArrays | undefined, latest: NamedArrays, decay: number): NamedArrays {
  if (average === undefined) return latest
  for (const [name, { data }] of Object.entries(latest)) mixIn((average[name] as NdArray).data, data, decay)
  return average
}

function mixIn(mean: NdArray['data'], latest: NdArray['data'], decay: number): void {
  const share = mean instanceof Float32Array ? 1 - decay : 1
  for (let i = 0; i < mean.length; i++) {
    const old = mean[i] as number
    mean[i] = old + share * ((latest[i] as number) - old)
  }
}

function encoded(arrays: NamedArrays | undefined): EncodedArrays | null {
  return arrays === undefined ? null : encodeArrays(arrays)
}

function decoded(arrays: EncodedArrays | null): NamedArrays | undefined {
  return arrays === null ? undefined : decodeArrays(arrays)
}
