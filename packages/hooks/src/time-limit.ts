import { type Hook, train } from '@hookstep/catalogue'
import { check, checkNames } from './check.ts'

export interface TimeLimitOptions {
  /**
   * What the limit is for: `run` counts the seconds of training before a resume as well, `process` begins anew each
   * time. Default `run`.
   */
  readonly of?: 'run' | 'process'
}

/**
 * Saves and stops when the time is up, at the end of the step under way. Time while nothing runs does not count.
 * Leave room for that step, an evaluation and the checkpoint where somebody else ends the process.
 *
 * ```ts
 * const hooks = [timeLimit('2 hours')]
 * ```
 *
 * @throws RangeError on a limit that cannot be, TypeError on an option that there is not.
 */
export function timeLimit(
  limit: string | { readonly seconds: number },
  options: TimeLimitOptions = {},
): Hook {
  checkNames('timeLimit', options, { of: true })
  const { of = 'run' } = options
  const seconds = typeof limit === 'string' ? parse(limit) : limit.seconds
  check('timeLimit', 'seconds', seconds, seconds > 0 && Number.isFinite(seconds), 'a positive number')
  check('timeLimit', 'of', of, of === 'run' || of === 'process', "'run' or 'process'")
  const reason = `the time limit of ${typeof limit === 'string' ? limit : `${seconds} seconds`} is reached`

  return {
    name: 'time-limit',
    setup(run) {
      let end = seconds
      run.subscribe(train.ready, ({ progress }) => {
        if (of === 'process') end += progress.seconds
        if (progress.seconds >= end) run.stop(reason)
      })
      const stop = (): void => {
        if (run.hasSubscribers(train.checkpoint)) run.save(reason)
        run.stop(reason)
      }
      run.subscribe(train.step.pre, stop, { once: true, when: ({ progress }) => progress.seconds >= end })
    },
  }
}

const units = { second: 1, minute: 60, hour: 3600, day: 86_400 }

function parse(limit: string): number {
  const [, digits, unit] = /^\s*([\d.]+)\s*(second|minute|hour|day)s?\s*$/.exec(limit) ?? []
  if (unit !== undefined) return Number(digits) * units[unit as keyof typeof units]
  throw new RangeError(
    `timeLimit('${limit}'): write a number of seconds, minutes, hours or days, such as '2 hours'`,
  )
}
