import type { Batch } from './backend.ts'
import type { RunSummary, TrainerOptions } from './options.ts'
import type { Outputs, Values } from '@hookstep/catalogue'
import type { Data } from './data.ts'

/** Trains a task. One trainer, one run. */
export class Trainer {
  constructor(options: TrainerOptions) {
    throw new Error('being written')
  }
  /** Runs the training. Resolves when it finished or was stopped; rejects when it failed. */
  train(): Promise<RunSummary> {
    throw new Error('being written')
  }
  /** The model's outputs, after (or within) a run. */
  predict(batch: Batch): Promise<Outputs> {
    throw new Error('being written')
  }
  /** Evaluates on other data, after a run. */
  evaluate(data: Data): Promise<Values> {
    throw new Error('being written')
  }
  /** The resolved order of hooks and handlers, and the resolved options. */
  explain(): Promise<string> {
    throw new Error('being written')
  }
  /** Releases the model. */
  close(): Promise<void> {
    throw new Error('being written')
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
