import {
  type DataLoaderContext,
  type EpochContext,
  evaluate,
  every,
  type LogContext,
  type Progress,
  type ReadyContext,
  type Run,
  type StepContext,
  train,
  type Values,
} from '@hookstep/catalogue'
import type { Cleanup } from '@hookstep/core'
import { type KerasCallback, type KerasLogs, readsBatches } from './keras-callback.ts'
import { KerasCalls } from './keras-calls.ts'
import { EpochMeans, kerasNumbers } from './keras-numbers.ts'
import { kerasParams } from './keras-params.ts'

/** An epoch under way. */
interface Epoch {
  /** Counted from 0. */
  readonly index: number
  readonly means: EpochMeans
  /** Steps of it that this run has done. */
  batches: number
  /** What its last evaluation has found. */
  evaluated: Values
}

/** So many seconds lie between two calls of `onYield` at least, as with `fit`. */
const yieldEvery = 0.125

/** Tells callbacks of one run what `fit` would tell them. */
export class KerasRun {
  private readonly run: Run
  private readonly calls: KerasCalls
  private readonly readsBatches: boolean
  private data: DataLoaderContext | undefined
  private epoch: Epoch | undefined
  private logged: LogContext | undefined
  /** At the end of the step before. */
  private samples = 0
  private yieldedAt = 0

  constructor(run: Run, callbacks: readonly KerasCallback[]) {
    this.run = run
    this.calls = new KerasCalls(run, callbacks)
    this.readsBatches = callbacks.some(readsBatches)
  }

  /** Subscribes. Returns the cleanup. */
  follow(): Cleanup {
    const { run, calls } = this
    run.subscribe(train.configuration.data_loader, (context) => {
      this.data = context
    })
    run.subscribe(train.configuration.model_stages, ({ model }) => calls.useModel(model))
    run.subscribe(train.ready, (context) => this.begin(context))
    run.subscribe(train.epoch.pre, (context) => this.beginEpoch(context))
    // So that an epoch's logs have a loss, however seldom steps are logged.
    run.subscribe(train.step.pre, () => run.log(), { when: every('1 epoch') })
    if (calls.has('onBatchBegin')) run.subscribe(train.step.pre, (context) => this.beginBatch(context))
    run.subscribe(train.log, (context) => this.keepLog(context))
    run.subscribe(evaluate.post, ({ values }) => this.keepEvaluation(values))
    run.subscribe(train.step.post, (context) => this.endBatch(context))
    run.subscribe(train.epoch.post, () => this.endEpoch())
    run.subscribe(train.stopped, () => this.end())
    run.subscribe(train.finished, () => this.end())
    return () => calls.end()
  }

  private async begin({ progress }: ReadyContext): Promise<void> {
    this.samples = progress.samples
    this.yieldedAt = progress.seconds
    this.calls.introduce(kerasParams(this.run, this.data, progress))
    const logs: KerasLogs = {}
    await this.calls.each((callback) => callback.onTrainBegin?.(logs))
  }

  private async beginEpoch({ epoch, progress }: EpochContext): Promise<void> {
    const index = epoch - 1
    this.epoch = { index, means: new EpochMeans(epoch, progress.samples), batches: 0, evaluated: {} }
    const logs: KerasLogs = {}
    await this.calls.each((callback) => callback.onEpochBegin?.(index, logs))
  }

  private async beginBatch({ step, progress }: StepContext): Promise<void> {
    const batch = this.batchOf(step)
    const logs = { batch, ...this.sizeOf(progress) }
    await this.calls.each((callback) => callback.onBatchBegin?.(batch, logs))
  }

  private async endBatch(context: StepContext): Promise<void> {
    const { step, progress } = context
    const batch = this.batchOf(step)
    const logs = { batch, ...this.sizeOf(progress), ...(await this.numbersOf(context)) }
    if (this.epoch !== undefined) this.epoch.batches++
    this.samples = progress.samples
    await this.calls.each((callback) => callback.onBatchEnd?.(batch, logs))
    await this.yield(batch, progress, logs)
  }

  private async yield(batch: number, { seconds }: Progress, logs: KerasLogs): Promise<void> {
    if (seconds - this.yieldedAt < yieldEvery) return
    this.yieldedAt = seconds
    const epoch = this.epoch?.index ?? 0
    await this.calls.each((callback) => callback.onYield?.(epoch, batch, logs))
  }

  private async endEpoch(): Promise<void> {
    if (this.epoch === undefined) return
    const { index, means, evaluated } = this.epoch
    this.epoch = undefined
    const logs = { ...kerasNumbers(means.values), ...kerasNumbers(evaluated, 'val_') }
    await this.calls.each((callback) => callback.onEpochEnd?.(index, logs))
  }

  /** As `fit` does, it ends an epoch that the run ended within. */
  private async end(): Promise<void> {
    await this.endEpoch()
    const logs: KerasLogs = {}
    await this.calls.each((callback) => callback.onTrainEnd?.(logs))
  }

  private keepLog(context: LogContext): void {
    this.logged = context
    this.epoch?.means.add(context)
  }

  private keepEvaluation(values: Values): void {
    if (this.epoch !== undefined) this.epoch.evaluated = values
  }

  /** Which batch of the epoch, counted from 0. */
  private batchOf(step: number): number {
    const { stepsPerEpoch } = this.data ?? {}
    return stepsPerEpoch === undefined ? (this.epoch?.batches ?? 0) : (step - 1) % stepsPerEpoch
  }

  /** Of a stream's batch it is not known beforehand. */
  private sizeOf({ samples }: Progress): { size?: number } {
    const size = samples - this.samples
    return size > 0 ? { size } : {}
  }

  /** The numbers of a step: those that were logged, or else its loss where a callback looks at it. */
  private async numbersOf({ step, loss }: StepContext): Promise<KerasLogs> {
    if (this.logged?.step === step) return kerasNumbers(this.logged.values)
    if (!this.readsBatches) return {}
    // Of several ranks each knows a part of it.
    if (this.run.distributed.worldSize === 1) return { loss: await loss() }
    this.run.warn(
      "onBatchEnd has no loss of steps that are not logged: give the trainer log: every('1 step')",
    )
    return {}
  }
}
