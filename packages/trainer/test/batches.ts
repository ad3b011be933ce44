import { type FetchedBatchContext, type Hook, train } from '@hookstep/catalogue'
import { plainBackend } from '@hookstep/testing'
import { arrays, type Batch, type Dataset, Trainer, type TrainerOptions } from '@hookstep/trainer'

/** A batch whose inputs are the numbers of its samples. */
export function numbered(...samples: readonly number[]): Batch {
  const shape = [samples.length, 1]
  return {
    inputs: { data: Float32Array.from(samples), shape },
    targets: { data: new Float32Array(samples.length), shape },
  }
}

/** A dataset of such samples, counted from 0. */
export function numbers(samples: number): Dataset {
  return arrays(numbered(...Array.from({ length: samples }, (_, sample) => sample)))
}

/** Which samples a batch holds. */
export function samplesOf(batch: unknown): number[] {
  return Array.from((batch as Batch).inputs?.data ?? [])
}

/** A microbatch of a run, as one rank saw it. */
export interface Seen {
  readonly epoch: number
  readonly step: number
  readonly microbatch: number
  readonly samples: readonly number[]
}

/** A hook that keeps which samples came when. */
export function recordBatches(): Hook & { readonly seen: readonly Seen[] } {
  const seen: Seen[] = []
  const record = ({ epoch, step, microbatch, batch }: FetchedBatchContext): void => {
    seen.push({ epoch, step, microbatch, samples: samplesOf(batch) })
  }
  return { name: 'batches', seen, setup: (run) => void run.subscribe(train.batch.post, record) }
}

/** Trains on data, and tells which samples each microbatch held. Nothing is learned, so that any numbers will do. */
export async function batchesOf(options: Omit<TrainerOptions, 'backend'>): Promise<readonly Seen[]> {
  const record = recordBatches()
  const hooks = [record, ...(options.hooks ?? [])]
  await using trainer = new Trainer({ backend: plainBackend(), learningRate: 0, ...options, hooks })
  await trainer.train()
  return record.seen
}

/** The samples of each epoch, in their order. */
export function epochsOf(seen: readonly Seen[]): number[][] {
  const epochs: number[][] = []
  for (const { epoch, samples } of seen) {
    epochs[epoch - 1] ??= []
    epochs[epoch - 1]?.push(...samples)
  }
  return epochs
}

/** The samples of each step: one list per microbatch. */
export function stepsOf(seen: readonly Seen[]): (readonly number[])[][] {
  const steps: (readonly number[])[][] = []
  for (const { step, samples } of seen) {
    steps[step - 1] ??= []
    steps[step - 1]?.push(samples)
  }
  return steps
}
