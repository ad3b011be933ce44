import { join } from 'node:path'
import { every, type Trigger } from '@hookstep/catalogue'
import type { Schedule } from '@hookstep/trainer'
import type { Flags } from './flags.ts'
import type { Jitter } from './jitter.ts'
import type { ModelName, OptimizerName } from './model.ts'
import { recipes } from './recipes.ts'
import { schedules } from './schedules.ts'

/** A run as the flags want it, with the model's recipe where they say nothing. */
export interface Settings {
  readonly model: ModelName
  readonly backend: string
  readonly optimizer: OptimizerName
  readonly length: { readonly epochs?: number; readonly steps?: number }
  readonly batchSize: number
  readonly accumulate: number
  readonly learningRate: Schedule
  /** Highest global norm of the gradients; without it they are not clipped. */
  readonly clip: number | undefined
  readonly seed: number
  /** How far the training digits are moved. */
  readonly jitter: Jitter
  readonly evaluateWhen: Trigger
  readonly logWhen: Trigger
  readonly saveWhen: Trigger
  /** The folder that the journal and the checkpoints go to. */
  readonly out: string
  /** Evaluations that may be no better before the run ends; without it they all may. */
  readonly patience: number | undefined
  /** Where the run is followed besides the terminal and the journal. */
  readonly trackers: {
    readonly dashboard: boolean
    readonly tensorBoard: boolean
    readonly wandb: 'online' | 'offline' | undefined
  }
  /** Share of the test digits that the model is expected to read. */
  readonly target: number
}

export function settingsOf(flags: Flags, now: Date = new Date()): Settings {
  const { model = 'mlp', backend = 'wasm', optimizer = 'adam', schedule = 'cosine' } = flags
  const recipe = recipes[model]
  return {
    model,
    backend,
    optimizer,
    length: lengthOf(flags, recipe.epochs),
    batchSize: flags['batch-size'] ?? recipe.batchSize,
    accumulate: flags.accumulate ?? 1,
    learningRate: schedules[schedule](flags['learning-rate'] ?? recipe.learningRate),
    clip: flags.clip,
    seed: flags.seed ?? 0,
    evaluateWhen: flags['eval-every'] ?? every('1 epoch', { last: true }),
    logWhen: flags['log-every'] ?? every('50 steps', { last: true }),
    saveWhen: flags['save-every'] ?? every('1 epoch', { last: true }),
    patience: flags.patience,
    out: flags.out ?? join('runs', `${timestamp(now)}-${model}`),
    trackers: {
      dashboard: flags.dashboard === true,
      tensorBoard: flags.tensorboard === true,
      wandb: flags.wandb,
    },
    jitter: recipe.jitter,
    target: recipe.target,
  }
}

/** Steps take the place of the recipe's epochs; given both, what comes first ends the run. */
function lengthOf({ epochs, steps }: Flags, usualEpochs: number): Settings['length'] {
  if (steps === undefined) return { epochs: epochs ?? usualEpochs }
  return epochs === undefined ? { steps } : { epochs, steps }
}

/** Such as `2026-11-21T22-05-39`: a time that every file system takes for a name. */
function timestamp(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(':', '-')
}
