import type { Workload } from './workload.ts'

/** Times the steps after the warm-up. */
export class Stopwatch {
  private readonly workload: Workload
  private startedAt = 0
  private stoppedAt = 0

  constructor(workload: Workload) {
    this.workload = workload
  }

  get totalSteps(): number {
    return this.workload.warmUpSteps + this.workload.timedSteps
  }

  /** To be told of the end of every step, counted from 1. */
  endOfStep(step: number): void {
    if (step === this.workload.warmUpSteps) this.startedAt = performance.now()
    else if (step === this.totalSteps) this.stoppedAt = performance.now()
  }

  get microsecondsPerStep(): number {
    return (1000 * (this.stoppedAt - this.startedAt)) / this.workload.timedSteps
  }
}
