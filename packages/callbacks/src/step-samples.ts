import type { Progress } from '@hookstep/catalogue'
import type { CallbackMethod } from './trainer-callback.ts'

/** How many samples a step has, from what progress says at this step and at the one before. */
export class StepSamples {
  /** Whether a step's progress counts its samples from the step's beginning on: a stream's are known once they are here. */
  areKnownAhead = false
  private step = -1
  /** At the end of the step before; `undefined` where that step was not followed. */
  private before: number | undefined
  private now: number | undefined

  /** The first step is next. */
  beginAt({ step, samples }: Progress): void {
    this.step = step
    this.now = samples
  }

  of({ step, samples }: Progress, method: CallbackMethod): number | undefined {
    if (step !== this.step) this.begin(step)
    if (!this.areKnownAhead && method === 'onStepBegin') return
    this.now = samples
    return this.before === undefined ? undefined : samples - this.before
  }

  private begin(step: number): void {
    this.before = step === this.step + 1 ? this.now : undefined
    this.step = step
    this.now = undefined
  }
}
