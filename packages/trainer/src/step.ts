import {
  type DataState,
  type Distributed,
  evaluate,
  type PartialStep,
  type Progress,
  type StepContext,
  train,
  type Values,
} from '@hookstep/catalogue'
import type { LazyScalar, Session } from './backend.ts'
import type { Fetched } from './data-loader.ts'
import { Means } from './means.ts'
import { StepCursor } from './step-cursor.ts'

export interface StepOptions {
  readonly number: number
  readonly epoch: number
  readonly progress: Progress
  readonly learningRate: number
  readonly distributed: Distributed
  /** Where the data order stands as the step begins. */
  readonly data: DataState
  /** Counts a host sync. */
  readonly onHostSync: () => void
}

/** A step that was interrupted, with its batches, which have been fetched again. */
export interface InterruptedStep {
  readonly partial: PartialStep
  readonly microbatches: readonly (Fetched | undefined)[]
}

/** One step under way: its batches, and its numbers as long as they can be read. */
export class Step {
  readonly number: number
  cursor: StepCursor = new StepCursor()
  /** Whether it was known to be logged when its forward pass began: only then are metrics computed. */
  measured = false
  /** Whether its numbers have been taken for the log. */
  logged = false
  /** One for each time that the ranks fetch; undefined where the others shared what was left. */
  readonly microbatches: (Fetched | undefined)[] = []
  /** Where the data order stands behind them. */
  fetchedTo: DataState
  /** How many of them have passed. */
  passed = 0
  /** Samples of all ranks. */
  samples = 0
  /** Gradients or parameters are being changed: what fails now leaves nothing to go on from. */
  isChanging = false
  updated = false
  skipped = false
  /** What its evaluation adds up, from when it is decided until it is told. */
  evaluation: Means | undefined
  private readonly options: StepOptions
  private progress: Progress
  private readonly handles = new Map<string, LazyScalar>()
  private readonly readings: (number | Promise<number>)[] = []
  private sharedContext: StepContext | undefined
  private computed = false
  private over = false

  constructor(options: StepOptions) {
    this.options = options
    this.number = options.number
    this.progress = options.progress
    this.fetchedTo = options.data
  }

  /** Goes on where it was interrupted. */
  takeUp({ partial, microbatches }: InterruptedStep, readbackLag: number): void {
    this.cursor = StepCursor.at(partial.next)
    this.microbatches.push(...microbatches)
    this.passed = partial.microbatches
    this.samples = partial.samples
    this.measured = partial.measured
    this.updated = partial.updated
    this.skipped = partial.skipped
    this.computed = this.cursor.isPast(train.forward_backward.post)
    this.logged = partial.measured && this.cursor.isPast(train.log)
    for (const [name, value] of Object.entries(partial.values)) this.handles.set(name, known(value))
    if (partial.evaluation !== undefined) this.evaluation = new Means(readbackLag, partial.evaluation)
  }

  /** Its numbers are told, although it is not known what came behind. */
  skipLog(): void {
    if (this.cursor.next === train.log.id) this.cursor.reach(evaluate.pre)
  }

  /** How far it has come. A host sync. */
  async partial(): Promise<PartialStep> {
    const { cursor, options } = this
    const values = await this.readNumbers({})
    const evaluation = await this.evaluation?.partial()
    return {
      next: cursor.next,
      progress: this.progress,
      learningRate: options.learningRate,
      data: options.data,
      fetched: this.microbatches.length,
      microbatches: this.passed,
      samples: this.samples,
      measured: this.measured || (this.logged && cursor.next !== train.log.id),
      updated: this.updated,
      skipped: this.skipped,
      values,
      ...(evaluation && { evaluation }),
    }
  }

  /** Whether this rank has samples of this step. */
  get hasSamples(): boolean {
    return this.microbatches.some((fetched) => fetched !== undefined)
  }

  get learningRate(): number {
    return this.options.learningRate
  }

  /** More is known about the end of this step: later events tell it. */
  refine(progress: Progress): void {
    if (progress === this.progress) return
    this.progress = progress
    this.sharedContext = undefined
  }

  /** What handlers receive: one immutable object for the step's events, as long as nothing new is known. */
  get context(): StepContext {
    this.sharedContext ??= Object.freeze({
      step: this.number,
      epoch: this.options.epoch,
      progress: this.progress,
      learningRate: this.options.learningRate,
      distributed: this.options.distributed,
      loss: async () => {
        if (!this.computed || this.over) throw this.unknown('loss()', 'train.forward_backward.post')
        return this.handles.has('loss') ? this.wait('loss') : 0
      },
      gradientNorm: async () => {
        if (this.over) throw this.unknown('gradientNorm()', 'train.optimizer_step.pre')
        return this.handles.has('gradient_norm') ? this.wait('gradient_norm') : undefined
      },
    })
    return this.sharedContext
  }

  /** Takes the handles that forward and backward left. */
  keepResults(session: Session): void {
    if (this.computed) return
    this.computed = true
    if (!this.hasSamples) return
    this.handles.set('loss', session.loss())
    if (!this.measured) return
    for (const [name, handle] of Object.entries(session.metrics())) this.handles.set(name, handle)
  }

  keepGradientNorm(norm: LazyScalar): void {
    this.handles.set('gradient_norm', norm)
  }

  /** Begins to read the loss. */
  readLoss(): number | Promise<number> {
    return this.read('loss')
  }

  /** Begins to read what is logged of the step; the waiting is for later. */
  readValues(): Values | Promise<Values> {
    return this.readNumbers({ learning_rate: this.learningRate })
  }

  /** Begins to read all numbers of the step; behind them come `others`. */
  private readNumbers(others: Values): Values | Promise<Values> {
    const names = [...this.handles.keys()]
    const readings = names.map((name) => this.read(name))
    const named = (numbers: readonly number[]): Values => ({
      ...Object.fromEntries(names.map((name, at) => [name, numbers[at] as number])),
      ...others,
    })
    return readings.some((reading) => typeof reading !== 'number')
      ? Promise.all(readings).then(named)
      : named(readings as number[])
  }

  /** Releases the handles; a promise where some are being read. */
  close(): void | Promise<void> {
    this.over = true
    const handles = [...this.handles.values()]
    this.handles.clear()
    const release = (): void => {
      for (const handle of handles) handle.dispose()
    }
    if (this.readings.length === 0) return release()
    return Promise.allSettled(this.readings).then(release)
  }

  private wait(name: string): number | Promise<number> {
    this.options.onHostSync()
    return this.read(name)
  }

  private read(name: string): number | Promise<number> {
    const reading = (this.handles.get(name) as LazyScalar).read()
    if (typeof reading !== 'number') {
      this.readings.push(reading)
      // Its failure is met where it is awaited.
      reading.catch(() => {})
    }
    return reading
  }

  private unknown(call: string, since: string): Error {
    return new Error(
      `${call} of step ${this.number} is known from ${since} until train.step.post; ` +
        'numbers of past steps come with train.log',
    )
  }
}

/** A number that was read before the step was interrupted. */
function known(value: number): LazyScalar {
  return { read: () => value, dispose() {} }
}
