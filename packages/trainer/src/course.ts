import { type DataLoader, openDataLoader } from './data-loader.ts'
import type { ResolvedOptions } from './options.ts'

/** The way of a run through its data: how long it is, and how far along a number of samples lies. */
export class Course {
  readonly loader: DataLoader
  /** Of all ranks. */
  readonly samplesPerStep: number
  private readonly options: ResolvedOptions
  private readonly adjustments: ((rate: number, step: number) => number)[] = []

  /** @throws RangeError when the data cannot fill a step. */
  constructor(options: ResolvedOptions) {
    this.options = options
    this.samplesPerStep = options.batchSize * options.accumulate * options.group.worldSize
    const multipleOf = options.lastBatch === 'drop' ? this.samplesPerStep : 1
    this.loader = openDataLoader(options.data, { ...options, multipleOf })
    if (this.loader.samplesPerEpoch === 0) {
      throw new RangeError(
        `data has fewer samples than the ${this.samplesPerStep} of a step, and lastBatch is 'drop': nothing would be left`,
      )
    }
  }

  /** Undefined where the length of an epoch is not known. */
  get stepsPerEpoch(): number | undefined {
    const { samplesPerEpoch } = this.loader
    return samplesPerEpoch && Math.ceil(samplesPerEpoch / this.samplesPerStep)
  }

  /** The length of the run, counted on from a number of steps that are done. */
  totalSteps(done: number): number | undefined {
    const { steps, epochs } = this.options
    const { samplesPerEpoch, position } = this.loader
    if (samplesPerEpoch === undefined || epochs === undefined) return steps
    const inThisEpoch = Math.ceil((samplesPerEpoch - position.samples) / this.samplesPerStep)
    const inLaterEpochs = (epochs - position.epoch) * (this.stepsPerEpoch as number)
    return Math.min(steps ?? Infinity, done + inThisEpoch + inLaterEpochs)
  }

  /** Passes over the data after so many more samples; whole ones only, where an epoch's length is unknown. */
  epochsAfter(samples: number): number {
    const { samplesPerEpoch, position } = this.loader
    const share = samplesPerEpoch === undefined ? 0 : (position.samples + samples) / samplesPerEpoch
    return position.epoch - 1 + share
  }

  /** Whether the steps or epochs that were asked for are done. */
  isDone(steps: number): boolean {
    const { steps: allSteps = Infinity, epochs = Infinity } = this.options
    return steps >= allSteps || this.loader.position.epoch > epochs
  }

  /** Whether the run ends with a step, behind which so many epochs are done. */
  isLast(step: number, epochsDone: number): boolean {
    const { steps = Infinity, epochs = Infinity } = this.options
    return step >= steps || epochsDone >= epochs
  }

  /** Lets the scheduled rates pass through one more function, behind those that are there. */
  adjust(change: (rate: number, step: number) => number): void {
    this.adjustments.push(change)
  }

  /** @throws RangeError where the schedule, or what adjusts it, gives no number. */
  learningRate(step: number, totalSteps: number | undefined): number {
    const scheduled = this.options.learningRate(step, totalSteps)
    const rate = this.adjustments.reduce((adjusted, change) => change(adjusted, step), scheduled)
    if (Number.isFinite(rate)) return rate
    throw new RangeError(
      `the learning rate of step ${step} is ${rate}: the schedule, and hooks that adjust it, must give a number`,
    )
  }
}
