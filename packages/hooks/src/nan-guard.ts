import { type Hook, train } from '@hookstep/catalogue'
import { check, checkNames, isCount } from './check.ts'

export interface NanGuardOptions {
  /** The run ends when so many steps in a row had to be skipped; 1: at the first. Default 10. */
  readonly maximumInARow?: number
  /**
   * A loss of more than so many times the median of the latest ones is refused as well: 4, for example. For
   * losses that are positive. Default Infinity: any finite loss is taken.
   */
  readonly spikeFactor?: number
  /** Of how many losses the median is taken; before there are as many, nothing is a spike. Default 50. */
  readonly spikeWindow?: number
}

type State = {
  /** The first of the steps in a row that were skipped. */
  readonly since: number | null
  /** The latest losses, and the step of the last look. */
  readonly recent: readonly number[]
  readonly step: number
}

/**
 * Skips steps whose loss or gradient norm is not finite, before they spoil the parameters; ends the run where
 * they do not cease. The gradient norm is known where the trainer clips: give it `maxGradientNorm`. Two host syncs
 * a step. With several ranks each looks at its own loss, and all skip together.
 *
 * ```ts
 * const hooks = [nanGuard({ maximumInARow: 3, spikeFactor: 4 })]
 * ```
 *
 * @throws RangeError on an option that cannot be, TypeError on one that there is not.
 */
export function nanGuard(options: NanGuardOptions = {}): Hook {
  checkNames('nanGuard', options, { maximumInARow: true, spikeFactor: true, spikeWindow: true })
  const { maximumInARow = 10, spikeFactor = Infinity, spikeWindow = 50 } = options
  check('nanGuard', 'maximumInARow', maximumInARow, isCount(maximumInARow), 'a positive whole number')
  check('nanGuard', 'spikeFactor', spikeFactor, spikeFactor > 1, 'more than 1')
  check('nanGuard', 'spikeWindow', spikeWindow, isCount(spikeWindow), 'a positive whole number')

  return {
    name: 'nan-guard',
    setup(run) {
      let since: number | null = null
      let recent: readonly number[] = []
      let step = 0

      run.persist<State>({
        version: 1,
        save: () => ({ since, recent, step }),
        load(state) {
          ;({ since, recent, step } = state)
        },
      })

      const refuse = (finding: string): void => {
        since ??= step
        const inARow = step - since + 1
        run.skipStep(finding)
        if (inARow >= maximumInARow) run.stop(`${finding}; steps skipped in a row: ${inARow}`)
      }
      // Before the trainer looks at the loss itself, which would end the run.
      run.subscribe(train.forward_backward.post, async (context) => {
        // A run that goes on after a failure tells the same step again.
        if (context.step === step) return
        const loss = await context.loss()
        step = context.step
        const limit = recent.length < spikeWindow ? Infinity : spikeFactor * median(recent)
        if (!Number.isFinite(loss)) return refuse(`the loss is ${loss}`)
        if (loss > limit) return refuse(`the loss of ${loss} is above ${limit}`)
        recent = [...recent, loss].slice(-spikeWindow)
      })
      run.subscribe(train.optimizer_step.pre, async (context) => {
        const norm = await context.gradientNorm()
        if (norm !== undefined && !Number.isFinite(norm)) refuse(`the gradient norm is ${norm}`)
      })
      run.subscribe(train.optimizer_step.post, () => {
        since = null
      })
    },
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  const upper = sorted[half] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2
}
