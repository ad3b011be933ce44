import {
  type ClosedContext,
  checkpoint,
  evaluate,
  type Json,
  type LogContext,
  type Progress,
  type Run,
  train,
  type Values,
} from '@hookstep/catalogue'
import { StepSamples } from './step-samples.ts'
import type { CallbackMethod } from './trainer-callback.ts'
import type { TrainingContext, TrainingOutcome } from './training-context.ts'

/** What an event tells of the moment; all else is known from before. */
export interface Known {
  readonly step?: number
  readonly epoch?: number
  readonly progress?: Progress
  readonly learningRate?: number
  readonly isWithinStep?: boolean
  readonly microbatch?: number
  readonly microbatchSamples?: number
  readonly ended?: ClosedContext['outcome']
}

const none: Values = Object.freeze({})
const finished: TrainingOutcome = Object.freeze({ kind: 'finished' })

/** The facts of a run that contexts tell: followed from rare events, so that a step does not pay for them. */
export class RunFacts {
  private readonly run: Run
  private readonly maxEpochs: number | undefined
  private readonly gradAccumSteps: number
  private readonly samples = new StepSamples()
  private epoch = 0
  private logged: LogContext | undefined
  private throughput: number | undefined
  private valMetrics = none
  private checkpointPath: string | undefined
  private modelName: string | undefined
  private backend: string | undefined
  private ending: TrainingOutcome | undefined

  constructor(run: Run) {
    this.run = run
    this.maxEpochs = numberOf(run.configuration, 'epochs')
    this.gradAccumSteps = numberOf(run.configuration, 'accumulate') ?? 1
    this.follow()
  }

  context(hookName: CallbackMethod, known: Known): TrainingContext {
    const { run, logged } = this
    const { distributed } = run
    const progress = known.progress ?? run.progress
    const logs = logged?.values ?? none
    return Object.freeze({
      hookName,
      step: known.step ?? progress.step,
      epoch: known.epoch ?? this.epoch,
      totalSamples: progress.samples,
      totalTokens: undefined,
      elapsedSeconds: progress.seconds,
      maxSteps: progress.totalSteps,
      maxEpochs: this.maxEpochs,
      loggedStep: logged?.step,
      logs,
      loss: logs.loss,
      learningRate: known.learningRate ?? logs.learning_rate,
      gradNorm: logs.gradient_norm,
      throughput: this.throughput,
      deviceMemoryBytes: undefined,
      valMetrics: this.valMetrics,
      batchMetrics: Object.freeze({
        totalSamples: known.isWithinStep ? this.samples.of(progress, hookName) : undefined,
        gradAccumSteps: this.gradAccumSteps,
        microbatch: known.microbatch,
        microbatchSamples: known.microbatchSamples,
        totalLength: undefined,
        numLossCountedTokens: undefined,
      }),
      checkpointPath: this.checkpointPath,
      outputDir: undefined,
      modelName: this.modelName,
      backend: this.backend,
      worldSize: distributed.worldSize,
      rank: distributed.rank,
      localRank: distributed.localRank,
      isLocalProcessZero: distributed.isLocalMain,
      isWorldProcessZero: distributed.isMain,
      outcome: known.ended === 'finished' ? finished : known.ended && this.ending,
    })
  }

  private follow(): void {
    const { run } = this
    run.subscribe(train.configuration.data_loader, ({ samplesPerEpoch }) => {
      this.samples.areKnownAhead = samplesPerEpoch !== undefined
    })
    run.subscribe(train.configuration.model_stages, ({ backend, model }) => {
      this.backend = backend
      this.modelName = nameOf(model)
    })
    run.subscribe(train.ready, ({ progress }) => {
      this.samples.beginAt(progress)
      // Passes are whole to the last bits only.
      this.epoch = Math.ceil(progress.epochs - 1e-9)
    })
    run.subscribe(train.epoch.pre, ({ epoch }) => {
      this.epoch = epoch
    })
    run.subscribe(train.log, (context) => this.keepLog(context))
    run.subscribe(evaluate.post, ({ values }) => {
      this.valMetrics = values
    })
    run.subscribe(checkpoint.committed, ({ location }) => {
      this.checkpointPath = location
    })
    run.subscribe(train.stopped, ({ reason, requestedBy, aborted }) => {
      this.ending = Object.freeze({ kind: 'stopped', reason, requestedBy, aborted })
    })
    run.subscribe(train.failed, ({ error, at }) => {
      this.ending = Object.freeze({ kind: 'failed', error, at })
    })
  }

  private keepLog(context: LogContext): void {
    const before = this.logged?.progress
    if (before !== undefined) {
      const { samples, seconds } = context.progress
      const passed = seconds - before.seconds
      this.throughput = passed > 0 ? (samples - before.samples) / passed : undefined
    }
    this.logged = context
  }
}

/** An option that is a number, of a configuration as the trainer resolves it. */
function numberOf(configuration: Json, name: string): number | undefined {
  const value = (Object(configuration) as Record<string, unknown>)[name]
  return typeof value === 'number' ? value : undefined
}

function nameOf(model: unknown): string | undefined {
  const { name } = Object(model) as { name?: unknown }
  return typeof name === 'string' ? name : undefined
}
