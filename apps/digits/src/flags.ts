import { backends } from './backends.ts'
import { choice, type Flag, period, positive, text, toggle, whole } from './flag-kinds.ts'
import { modelNames, optimizerNames } from './model.ts'
import { recipes } from './recipes.ts'
import { scheduleNames } from './schedules.ts'

/** Every flag, in the order of the help, with what holds without it in brackets; of names, the first does. */
export const flags = {
  model: choice(modelNames, 'what is trained'),
  backend: text('NAME', `what computes: ${Object.keys(backends).join(', ')}`),
  epochs: whole(1, `passes over the training digits (${perModel('epochs')})`),
  steps: whole(1, 'updates of the parameters, in place of epochs; with both, what comes first'),
  'batch-size': whole(1, `digits in a microbatch (${perModel('batchSize')})`),
  accumulate: whole(1, 'microbatches in a step (1)'),
  optimizer: choice(optimizerNames, 'what updates the parameters'),
  'learning-rate': positive(`the highest learning rate (${perModel('learningRate')})`),
  schedule: choice(scheduleNames, 'how the learning rate moves'),
  clip: positive('scale gradients down to this global norm (no clipping)'),
  seed: whole(0, 'seeds parameters, the order of the digits and their jitter (0)'),
  'eval-every': period('when the validation digits are read (1 epoch)'),
  'log-every': period('when numbers are logged (50 steps)'),
  'save-every': period('when the run is saved (1 epoch)'),
  out: text('DIR', 'where the journal and the checkpoints go (runs/<time>-<model>)'),
  resume: text('DIR', 'go on with the run in this folder, with the flags that it was begun with'),
  patience: whole(1, 'end the run after so many evaluations that are no better, with the best parameters'),
  dashboard: toggle('show charts on a page in the browser while it trains, and until Ctrl-C'),
  tensorboard: toggle('write event files for TensorBoard'),
  wandb: choice(['online', 'offline'] as const, 'keep the run in Weights & Biases', 'MODE'),
  callbacks: text('FILE', 'callbacks of yours: a module that exports a list of them as its default'),
  strict: toggle('exit with 3 when a hook or a callback failed on the way'),
  quiet: toggle('print the report only'),
  explain: toggle('print all settings and who listens to what; do not train'),
  help: toggle('print this'),
} satisfies Record<string, Flag<unknown>>

/** What was given on the command line. */
export type Flags = {
  readonly [Name in keyof typeof flags]?: Exclude<ReturnType<(typeof flags)[Name]['read']>, undefined>
}

function perModel(field: 'epochs' | 'batchSize' | 'learningRate'): string {
  return modelNames.map((model) => `${model} ${recipes[model][field]}`).join(', ')
}
