import type { Jitter } from './jitter.ts'
import type { ModelName } from './model.ts'

/** How a model is trained unless flags say otherwise, and what it is expected to reach. */
export interface Recipe {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  /** How far the training digits are moved. */
  readonly jitter: Jitter
  /** Share of the test digits that it must read. */
  readonly target: number
}

/** Chosen on the validation digits. */
export const recipes: Readonly<Record<ModelName, Recipe>> = {
  mlp: {
    epochs: 30,
    batchSize: 128,
    learningRate: 0.004,
    jitter: { shift: 1, turn: 0.15, stretch: 0.1 },
    target: 0.95,
  },
  cnn: {
    epochs: 12,
    batchSize: 64,
    learningRate: 0.003,
    jitter: { shift: 2, turn: 0.2, stretch: 0.15 },
    target: 0.98,
  },
}
