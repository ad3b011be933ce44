import { evaluate, type Run, train } from '@hookstep/catalogue'
import type { Outlook } from './lines.ts'
import { Pace } from './pace.ts'

/** A run's pace, with the first step and the evaluations left out of it. */
export interface RunPace {
  /** To be called where a step has just been done. */
  observe(): void
  /** What can be told of the rest of the run. */
  outlook(): Outlook & { readonly stepsPerSecond: number | undefined }
}

/** Follows a run's evaluations; the steps are for the caller to observe, when it reports. */
export function paceOf(run: Run): RunPace {
  const pace = new Pace()
  const observe = (): void => pace.observe({ ...run.progress, seconds: now() })
  let evaluatingSince = 0
  run.subscribe(train.step.post, observe, { once: true })
  run.subscribe(evaluate.pre, () => {
    evaluatingSince = now()
  })
  run.subscribe(evaluate.post, () => pace.pause(now() - evaluatingSince))
  return {
    observe,
    outlook: () => {
      const { step, totalSteps } = run.progress
      const secondsLeft = totalSteps === undefined ? undefined : pace.secondsFor(totalSteps - step)
      const { samplesPerSecond, stepsPerSecond } = pace
      return { totalSteps, samplesPerSecond, stepsPerSecond, secondsLeft }
    },
  }
}

function now(): number {
  return performance.now() / 1000
}
