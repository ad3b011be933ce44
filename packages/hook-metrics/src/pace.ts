/** How far a run has come, and when that was. */
export interface Sighting {
  readonly step: number
  readonly samples: number
  /** On any clock. */
  readonly seconds: number
}

/** Seconds of training after which a sighting counts for a third. */
const memory = 10

/** How fast a run trains, smoothed, and how long it will take. */
export class Pace {
  private last: Sighting | undefined
  /** What came of late: the older, the less it counts. */
  private readonly recent = { steps: 0, samples: 0, seconds: 0 }
  /** Since the first sighting. */
  private trainingSeconds = 0
  private evaluatingSeconds = 0
  /** Evaluation since the last sighting. */
  private evaluated = 0

  /**
   * Sees the run after a step. The first sighting only sets the beginning: let it be after the first
   * step, which is slower than the others where things are compiled.
   */
  observe(now: Sighting): void {
    if (this.last !== undefined) {
      const seconds = now.seconds - this.last.seconds - this.evaluated
      if (now.step <= this.last.step || seconds <= 0) return
      this.add(now.step - this.last.step, now.samples - this.last.samples, seconds)
    }
    this.evaluated = 0
    this.last = now
  }

  /** Takes the seconds of an evaluation out of the training's time. */
  pause(seconds: number): void {
    if (this.last !== undefined) this.evaluated += seconds
  }

  /** Unknown before the second sighting. */
  get samplesPerSecond(): number | undefined {
    return this.recent.seconds === 0 ? undefined : this.recent.samples / this.recent.seconds
  }

  /** Unknown before the second sighting. */
  get stepsPerSecond(): number | undefined {
    return this.recent.seconds === 0 ? undefined : this.recent.steps / this.recent.seconds
  }

  /** For so many steps, with evaluations in the share that they had so far. */
  secondsFor(steps: number): number | undefined {
    if (this.recent.seconds === 0) return undefined
    const training = (steps * this.recent.seconds) / this.recent.steps
    return training * (1 + this.evaluatingSeconds / this.trainingSeconds)
  }

  private add(steps: number, samples: number, seconds: number): void {
    const { recent } = this
    const weight = Math.exp(-seconds / memory)
    recent.steps = recent.steps * weight + steps
    recent.samples = recent.samples * weight + samples
    recent.seconds = recent.seconds * weight + seconds
    this.trainingSeconds += seconds
    this.evaluatingSeconds += this.evaluated
  }
}
