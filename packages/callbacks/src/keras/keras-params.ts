import type { DataLoaderContext, Progress, Run } from '@hookstep/catalogue'
import type { KerasParams } from './keras-callback.ts'

interface Configuration {
  readonly epochs?: number
  readonly batchSize?: number
  readonly accumulate?: number
  readonly evaluate?: object
}

/** What `fit` would tell of this run. */
export function kerasParams(run: Run, data: DataLoaderContext | undefined, progress: Progress): KerasParams {
  const configuration = Object(run.configuration) as Configuration
  const doValidation = configuration.evaluate !== undefined
  const { samplesPerEpoch: samples, stepsPerEpoch: steps } = data ?? {}
  const { accumulate = 1, batchSize } = configuration
  const { totalSteps } = progress
  const epochs = configuration.epochs ?? (totalSteps && steps && Math.ceil(totalSteps / steps))
  return {
    ...(epochs !== undefined && { epochs }),
    initialEpoch: Math.floor(progress.epochs + rounding),
    ...(samples !== undefined && { samples }),
    ...(steps !== undefined && { steps }),
    ...(batchSize !== undefined && { batchSize: batchSize * accumulate * run.distributed.worldSize }),
    verbose: 0,
    doValidation,
    metrics: doValidation ? ['loss', 'val_loss'] : ['loss'],
  }
}

/** Passes over the data are fractions: they may miss a whole by the last bits. */
const rounding = 1e-9
