import { arrays, type Dataset, random } from '@hookstep/trainer'

/** A network of two layers, and made-up samples to train it on. All subjects get the same. */
export interface Workload {
  readonly inputs: number
  readonly hidden: number
  readonly classes: number
  readonly samples: number
  readonly batchSize: number
  readonly learningRate: number
  /** Steps before the clock starts: the compiler has settled, buffers have their sizes. */
  readonly warmUpSteps: number
  readonly timedSteps: number
  /** The loss is read at every n-th step. */
  readonly readEvery: number
}

/** As many pixels and hidden units as for handwritten digits. */
export const large: Workload = {
  inputs: 784,
  hidden: 128,
  classes: 10,
  samples: 8192,
  batchSize: 128,
  learningRate: 0.001,
  warmUpSteps: 16,
  timedSteps: 112,
  readEvery: 10,
}

/** So small that the engine has little to do, and what is around it shows. */
export const small: Workload = {
  inputs: 49,
  hidden: 32,
  classes: 10,
  samples: 6400,
  batchSize: 64,
  learningRate: 0.001,
  warmUpSteps: 200,
  timedSteps: 800,
  readEvery: 10,
}

/** A workload of a few steps, for a look whether it runs. */
export function shortened(workload: Workload): Workload {
  return { ...workload, warmUpSteps: 2, timedSteps: 10 }
}

/** Pixels in [0, 1), row by row, and the class of each sample. */
export interface Samples {
  readonly inputs: Float32Array
  readonly targets: Int32Array
}

export function samplesOf({ inputs, samples, classes }: Workload): Samples {
  const { next, below } = random(1, 'bench', 'loop')
  return {
    inputs: Float32Array.from({ length: samples * inputs }, next),
    targets: Int32Array.from({ length: samples }, () => below(classes)),
  }
}

export function datasetOf(workload: Workload): Dataset {
  const { inputs, targets } = samplesOf(workload)
  return arrays({
    inputs: { data: inputs, shape: [workload.samples, workload.inputs] },
    targets: { data: targets, shape: [workload.samples] },
  })
}
