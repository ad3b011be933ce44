import { clock } from './platform.ts'

/** What timing may cost, in seconds a step: half a percent of a step of one millisecond. */
const budget = 5e-6

/** Decides in which steps handlers are timed: in all of them while that is cheap, else in as many as the budget allows. */
export class Sampler {
  /** Whether the calls of the step under way are timed. */
  isOn = true
  /** Counts steps, from 1. */
  step = 0
  /** Calls in the step under way. */
  calls = 0
  private callSeconds: number | undefined

  beginStep(): void {
    const every = Math.max(1, Math.ceil(this.seconds / budget))
    this.step++
    this.calls = 0
    this.isOn = this.step % every === 0
  }

  /** What it takes to time the calls of a step. */
  private get seconds(): number {
    if (this.calls === 0) return 0
    this.callSeconds ??= measuredCallSeconds()
    return this.calls * this.callSeconds
  }
}

/** What timing one call takes: two readings of the clock, and about as much as a third for adding up. */
function measuredCallSeconds(): number {
  let least = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < 20; batch++) least = Math.min(least, secondsOf(100))
  return (3 * least) / 100
}

function secondsOf(readings: number): number {
  const began = clock()
  let now = began
  for (let count = 0; count < readings; count++) now = clock()
  return now - began
}
