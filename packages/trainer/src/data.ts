import type { NamedArrays } from '@hookstep/catalogue'
import type { Batch } from './backend.ts'
import type { Random } from './random.ts'

/** Samples that can be fetched by their index, in any order: shuffled, sharded and resumed exactly. */
export interface Dataset {
  /** How many samples there are. */
  readonly length: number
  /** Fetches a batch of samples. `random` is seeded for this batch: take augmentation from it. */
  batch(indices: Uint32Array, random: Random): Batch | Promise<Batch>
}

/**
 * What can be trained on: a {@link Dataset}, or batches as they come. An iterable is iterated once per
 * epoch; a function returns one for each epoch.
 */
export type Data = Dataset | Batches | ((epoch: number) => Batches)

/** Batches as they come. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>

/**
 * A dataset of arrays in memory. The first dimension of each counts samples.
 *
 * ```ts
 * const data = arrays({
 *   inputs: { data: pixels, shape: [1000, 784] },
 *   targets: { data: labels, shape: [1000] },
 * })
 * ```
 *
 * @throws RangeError when arrays differ in their number of samples, or do not fill their shapes.
 */
export function arrays(columns: NamedArrays): Dataset {
  throw new Error('being written')
}
