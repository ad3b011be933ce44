import type { Hook, Outputs, RunState, Values } from '@hookstep/catalogue'
import type { InstalledHooks } from '@hookstep/core'
import type { Batch, Session } from './backend.ts'
import type { Data } from './data.ts'
import { explain } from './explain.ts'
import { setUpHooks } from './hook-setup.ts'
import {
  checkData,
  checkWhole,
  type ResolvedOptions,
  type RunSummary,
  resolveOptions,
  type TrainerOptions,
} from './options.ts'
import { closeAtEnd } from './platform.ts'
import { StandaloneEvaluation } from './standalone-evaluation.ts'
import { TrainingRun } from './training-run.ts'

/** The part of a run's state that makes a model of it: whole states will do. */
export type SavedModel = Pick<RunState, 'session' | 'step' | 'epochs' | 'samples' | 'seconds' | 'partial'>

const whyNotTrain = {
  training: 'this trainer is training already',
  trained: 'this trainer has trained already: make a new one',
  loaded:
    'this trainer holds a saved model, to be evaluated: to continue its run make a new trainer, and give the state ' +
    'to restore() at train.restore',
} as const

/**
 * Trains a task, and tells every moment of it to hooks. One trainer, one run.
 *
 * ```ts
 * await using trainer = new Trainer({ backend: wasm(task), data, epochs: 3, hooks: [progressBar()] })
 * const summary = await trainer.train()
 * ```
 */
export class Trainer {
  private readonly options: ResolvedOptions
  private readonly run: TrainingRun
  private hooks: Promise<InstalledHooks> | undefined
  private session: Promise<Session> | undefined
  private training: Promise<RunSummary> | undefined
  private phase: keyof typeof whyNotTrain | 'fresh' = 'fresh'
  private closed = false
  /** Closes it, at the end of an `await using`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>

  /** @throws TypeError | RangeError on an option that cannot be, naming it, its value and the remedy. */
  constructor(options: TrainerOptions) {
    this.options = resolveOptions(options)
    this.run = new TrainingRun(this.options)
    closeAtEnd(this, () => this.close())
  }

  /**
   * Runs the training. The model stays open afterwards, for `predict` and `evaluate`, until `close`.
   *
   * @returns what became of the run, when it finished or was stopped.
   * @throws what made it fail; a HookError when that was a hook.
   */
  async train(): Promise<RunSummary> {
    this.checkOpen()
    if (this.phase !== 'fresh') throw new Error(whyNotTrain[this.phase])
    this.phase = 'training'
    this.training = this.setUp()
      .then((hooks) => this.run.train(hooks, () => this.open()))
      .finally(() => {
        this.phase = 'trained'
      })
    return this.training
  }

  /**
   * Puts the model of a saved run in the place of this one's, for `predict` and `evaluate`: before training, which is
   * over then, or after it. What continues a run is `restore`, of `train.restore`.
   *
   * @throws Error when names, shapes or types differ from the model's, naming them; and while the trainer trains.
   */
  async load(state: SavedModel): Promise<void> {
    const session = await this.open()
    if (this.phase === 'training') throw new Error('load() would change the model that is being trained')
    const { accumulated: _, ...between } = state.session
    await session.load(between)
    this.phase = 'loaded'
    this.run.standAt(state)
  }

  /**
   * The model's outputs for a batch, as a plain array. Only the inputs need to be in it.
   * Before training: with the initial parameters.
   */
  async predict(batch: Batch): Promise<Outputs> {
    return (await this.open()).predict(batch)
  }

  /**
   * Evaluates the model as it is on some data, with hooks of its own: they hear the `evaluate.*` events, and
   * what they request is an error.
   *
   * @returns `loss` and the task's metrics: means over all samples.
   */
  async evaluate(
    data: Data,
    options: { readonly batchSize?: number; readonly hooks?: readonly Hook[] } = {},
  ): Promise<Values> {
    checkData('data', data)
    const batchSize = checkWhole('batchSize', options.batchSize ?? this.options.batchSize, 1)
    const session = await this.open()
    return new StandaloneEvaluation(this.options, this.run.reached).run(session, {
      data,
      batchSize,
      hooks: options.hooks ?? [],
    })
  }

  /** The resolved options, hooks and handlers in the order in which they are told. Sets the hooks up. */
  async explain(): Promise<string> {
    this.checkOpen()
    const { names } = await this.setUp()
    return explain(this.options, names)
  }

  /** Releases the model. Waits for a run under way; cleans up hooks that never came to run. */
  async close(): Promise<void> {
    // What made them fail has been told to those who called.
    await this.training?.catch(() => {})
    if (this.closed) return
    this.closed = true
    try {
      if (this.training === undefined) await (await this.hooks?.catch(() => undefined))?.cleanUp()
    } finally {
      this.run.ledger.unsubscribeAll()
      await (await this.session?.catch(() => undefined))?.close()
    }
  }

  private setUp(): Promise<InstalledHooks> {
    this.hooks ??= setUpHooks(this.options, this.run.ledger)
    return this.hooks
  }

  private open(): Promise<Session> {
    this.checkOpen()
    const { backend, seed, group } = this.options
    this.session ??= Promise.resolve(backend.open({ seed, distributed: group }))
    return this.session
  }

  private checkOpen(): void {
    if (this.closed) throw new Error('this trainer is closed: make a new one')
  }
}
