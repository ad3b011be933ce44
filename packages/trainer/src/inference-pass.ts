import { type DataLoader, openDataLoader } from './data-loader.ts'
import type { ResolvedInferenceOptions } from './inference-options.ts'

/** The one way of an inference through its data: how long it is, and how far along a number of samples lies. */
export class InferencePass {
  readonly loader: DataLoader
  private readonly samplesPerStep: number

  constructor(options: ResolvedInferenceOptions) {
    this.samplesPerStep = options.batchSize * options.group.worldSize
    const inOrder = { shuffle: false, multipleOf: 1, endsWith: 'longest' } as const
    this.loader = openDataLoader(options.data, { ...options, ...inOrder })
  }

  /** Steps of the whole pass, counted on from those that are done. Undefined where its length is not known. */
  totalSteps(done: number): number | undefined {
    const { samplesPerEpoch, position } = this.loader
    if (samplesPerEpoch === undefined) return undefined
    return done + Math.ceil((samplesPerEpoch - position.samples) / this.samplesPerStep)
  }

  /** The part of the data that is done after so many more samples; 0 where its length is not known. */
  shareAfter(samples: number): number {
    const { samplesPerEpoch, position } = this.loader
    return samplesPerEpoch === undefined ? 0 : (position.samples + samples) / samplesPerEpoch
  }

  /** Whether no batch is left, as far as that is known without waiting for one. */
  get isOver(): boolean {
    return this.loader.position.samples === this.loader.samplesPerEpoch
  }
}
