import {
  type CheckpointContext,
  type EpochContext,
  isDueAtEnd,
  type LogContext,
  type Progress,
  type Request,
  type RunContext,
  type RunState,
  train,
  type Values,
} from '@hookstep/catalogue'
import type { Event, InstalledHooks } from '@hookstep/core'
import type { Session } from './backend.ts'
import { Course } from './course.ts'
import type { Fetched } from './data-loader.ts'
import { runEvaluation } from './evaluation.ts'
import { Ledger } from './ledger.ts'
import { liveGradients, liveParameters } from './live-arrays.ts'
import type { ResolvedOptions, RunSummary } from './options.ts'
import { leastOf } from './process-group.ts'
import { RunClock } from './run-clock.ts'
import { captureState, checkSameStep, restoreState, type StatefulParts } from './run-state.ts'
import { Step } from './step.ts'
import { StepLog, type StepLogOptions } from './step-log.ts'
import { WhileDelivered } from './while-delivered.ts'

/** One run of training, from the first event to the last. Reads from the top down in the order it happens. */
export class TrainingRun {
  readonly ledger: Ledger
  private readonly options: ResolvedOptions
  private readonly base: RunContext
  private readonly course: Course
  private readonly clock = new RunClock()
  private session!: Session
  private log!: StepLog
  private step: Step | undefined
  /** The progress that the parameters have made. */
  reached: Progress
  private evaluatedStep = 0
  private skippedSteps = 0
  /** Whether `train.checkpoint` has been told at a step that was known to be the last. */
  private savedAtEnd = false
  private lastLog: Values | undefined
  private lastEvaluation: Values | undefined
  /** The id of the last event: where a failure is said to be. */
  private at = 'setup'
  private outcome: 'finished' | 'stopped' | 'failed' = 'failed'
  /** What stopped the run. */
  private stop: Pick<Request, 'reason' | 'requestedBy'> | undefined
  private failure: { readonly error: unknown } | undefined
  private readonly releasing: (void | Promise<void>)[] = []

  constructor(options: ResolvedOptions) {
    this.options = options
    this.course = new Course(options)
    this.ledger = new Ledger(options, this.course.totalSteps(0))
    this.base = { distributed: this.ledger.distributed }
    this.reached = this.ledger.progress
  }

  /** Runs with hooks that are set up, and cleans them up however it ends. */
  async train(hooks: InstalledHooks, open: () => Promise<Session>): Promise<RunSummary> {
    try {
      await this.configure(open)
      await this.restore()
      await this.ready()
      await this.epochs()
      await this.conclude()
      await this.end()
    } catch (error) {
      if (error instanceof Aborted) await this.abort()
      else await this.fail(error)
    }
    await this.close(hooks)
    if (this.failure !== undefined) throw this.failure.error
    return this.summary()
  }

  // -- before the first step

  private async configure(open: () => Promise<Session>): Promise<void> {
    const { ledger, options, course, base } = this
    await this.tell(train.configuration.start, () => ({ ...this.base, configuration: ledger.configuration }))
    await this.tell(train.configuration.data_loader, () => ({
      ...this.base,
      data: options.data,
      samplesPerEpoch: course.loader.samplesPerEpoch,
      stepsPerEpoch: course.stepsPerEpoch,
    }))
    this.session = await open()
    const { readbackLag: lag, metricNames } = this.session
    const deliver: StepLogOptions['deliver'] = (context, isSkipped) => this.deliver(context, isSkipped)
    this.log = new StepLog({ lag, group: options.group, metricNames, base, deliver })
    const { model, optimizer, parameterCount } = this.session
    await this.tell(train.configuration.model_stages, () => ({
      ...this.base,
      backend: options.backend.name,
      model,
      parameterCount,
      parameters: liveParameters(this.session, () => this.countHostSync()),
    }))
    await this.tell(train.configuration.optimizer, () => ({
      ...this.base,
      optimizer,
      gradients: liveGradients(
        this.session,
        () => this.countHostSync(),
        () => this.at,
      ),
    }))
    await this.schedule()
  }

  private async schedule(): Promise<void> {
    const { ledger, course } = this
    const adjusting = new WhileDelivered('adjust()', train.configuration.lr_scheduler)
    await this.tell(train.configuration.lr_scheduler, () => ({
      ...this.base,
      learningRate: (step: number) => course.learningRate(step, ledger.progress.totalSteps),
      adjust: (change: (rate: number, step: number) => number) => {
        adjusting.check()
        course.adjust(change)
      },
    }))
    await adjusting.end()
  }

  private async restore(): Promise<void> {
    const restoring = new WhileDelivered('restore()', train.restore)
    const agreeing = new WhileDelivered('agree()', train.restore)
    await this.tell(train.restore, () => ({
      ...this.base,
      restore: (state: RunState) => restoring.run(() => this.load(state)),
      agree: (value: number) => agreeing.run(() => leastOf(value, this.options.group)),
    }))
    await restoring.end()
    await agreeing.end()
    await checkSameStep(this.options.group, this.ledger.progress.step)
  }

  private async ready(): Promise<void> {
    this.clock.start(this.ledger.progress.seconds)
    await this.tell(train.ready, () => ({ ...this.base, progress: this.ledger.progress }))
    await this.poll()
  }

  // -- the steps

  private async epochs(): Promise<void> {
    const { loader } = this.course
    while (!(await this.isOver())) {
      await this.tell(train.epoch.pre, () => this.epochContext)
      while (!(await this.isOver()) && (await loader.hasMore())) await this.runStep()
      if (!(await this.isEpochOver())) return
      await this.tell(train.epoch.post, () => this.epochContext)
      loader.nextEpoch()
    }
  }

  /** A stream is not asked once the run's steps are done: its next batch may never come. */
  private async isEpochOver(): Promise<boolean> {
    const { loader } = this.course
    if (loader.samplesPerEpoch === undefined && this.course.isDone(this.ledger.progress.step)) return false
    return !(await loader.hasMore())
  }

  /** Whether all is done, or any rank asked to stop. */
  private async isOver(): Promise<boolean> {
    await this.ledger.agree(['stop'])
    const { progress, requests } = this.ledger
    return this.course.isDone(progress.step) || requests.find('stop') !== undefined
  }

  private async runStep(): Promise<void> {
    const step = await this.beginStep()
    await this.tell(train.step.pre, () => step.context)
    await this.fetch(step)
    await this.forwardBackward(step)
    await this.update(step)
    this.session.zeroGradients()
    await this.lookAhead(step)
    this.reached = this.ledger.progress
    await this.logWhenDue(step)
    await this.evaluateWhenDue()
    await this.tell(train.step.post, () => step.context)
    await this.checkpoint()
  }

  private async beginStep(): Promise<Step> {
    const { ledger, course, options } = this
    this.release()
    const samples = course.loader.samplesAhead(options.accumulate) ?? 0
    const { step: done, samples: seen, totalSteps } = ledger.progress
    ledger.begin({
      step: done + 1,
      epochs: course.epochsAfter(samples),
      samples: seen + samples,
      seconds: await this.clock.agreedSeconds(options.group),
      totalSteps,
      last: done + 1 === totalSteps,
    })
    this.step = new Step({
      distributed: this.base.distributed,
      number: done + 1,
      epoch: course.loader.position.epoch,
      progress: ledger.progress,
      learningRate: course.learningRate(done + 1, totalSteps),
      onHostSync: () => this.countHostSync(),
    })
    this.step.samples = samples
    return this.step
  }

  private async fetch(step: Step): Promise<void> {
    const { loader } = this.course
    for (let microbatch = 1; microbatch <= this.options.accumulate; microbatch++) {
      if (!(await loader.hasMore())) break
      await this.poll()
      await this.tell(train.batch.pre, () => ({ ...step.context, microbatch }))
      const fetched = await loader.take()
      step.microbatches.push(fetched)
      if (fetched === undefined) continue
      await this.tell(train.batch.post, () => ({ ...step.context, microbatch, ...fetched }))
    }
    if (loader.samplesPerEpoch === undefined) await this.countSamples(step)
  }

  /** The samples of all ranks, where they are known only once they are here. */
  private async countSamples(step: Step): Promise<void> {
    const samples = Float64Array.of(step.microbatches.reduce((sum, fetched) => sum + (fetched?.size ?? 0), 0))
    await this.options.group.allReduce(samples, 'sum')
    step.samples = samples[0] as number
    this.ledger.refine({ samples: this.ledger.progress.samples + step.samples })
    step.refine(this.ledger.progress)
  }

  private async forwardBackward(step: Step): Promise<void> {
    const { ledger, options } = this
    await ledger.agree(['log', 'stop'])
    step.measured = ledger.requests.find('log') !== undefined || ledger.isDue(options.log)
    await this.tell(train.forward_backward.pre, () => step.context)
    let microbatch = 0
    for (const fetched of step.microbatches) {
      await this.poll()
      microbatch++
      if (fetched !== undefined) await this.runMicrobatch(step, fetched, microbatch)
    }
    step.keepResults(this.session)
    await this.tell(train.forward_backward.post, () => step.context)
  }

  private async runMicrobatch(step: Step, fetched: Fetched, microbatch: number): Promise<void> {
    const context = () => ({ ...step.context, microbatch, ...fetched })
    await this.tell(train.microbatch.pre, context)
    await this.session.forwardBackward(fetched.batch, fetched.size / step.samples, step.measured)
    await this.tell(train.microbatch.post, context)
  }

  private async update(step: Step): Promise<void> {
    if (await this.isSkipped(step)) return
    await this.checkLoss(step)
    if (await this.isSkipped(step)) return
    await this.reduceGradients()
    const { maxGradientNorm } = this.options
    if (maxGradientNorm !== undefined) step.keepGradientNorm(this.session.clipGradients(maxGradientNorm))
    await this.tell(train.optimizer_step.pre, () => step.context)
    if (await this.isSkipped(step)) return
    await this.session.optimizerStep(step.learningRate)
    await this.tell(train.optimizer_step.post, () => step.context)
  }

  /** A loss that is not finite ends the run, or skips the step, before it spoils the parameters. */
  private async checkLoss(step: Step): Promise<void> {
    const { nonFiniteLoss } = this.options
    const isLate = this.session.readbackLag > 0
    if (!step.hasSamples || (isLate && nonFiniteLoss === 'stop')) return
    if (isLate) this.countHostSync()
    const loss = await step.readLoss()
    if (Number.isFinite(loss)) return
    if (nonFiniteLoss === 'stop') throw nonFinite(step.number, loss)
    const isFirst = this.ledger.requests.made.every(({ requestedBy }) => requestedBy !== 'nonFiniteLoss')
    if (isFirst)
      this.ledger.warn(`the loss of step ${step.number} is ${loss}: such steps are skipped, and counted`)
    this.ledger.request('skipStep', `the loss is ${loss}`, 'nonFiniteLoss')
  }

  private async isSkipped(step: Step): Promise<boolean> {
    await this.ledger.agree(['skipStep'])
    if (this.ledger.requests.take('skipStep').length === 0) return false
    step.skipped = true
    this.skippedSteps++
    return true
  }

  private async reduceGradients(): Promise<void> {
    const { group } = this.options
    if (group.worldSize === 1) return
    const gradients = await this.session.readGradients()
    await group.allReduce(gradients, 'sum')
    this.session.writeGradients(gradients)
  }

  /** What a stream tells only now: whether the epoch, and with it the run, ends with this step. */
  private async lookAhead(ending: Step): Promise<void> {
    const { ledger, options } = this
    const { loader } = this.course
    const { step, totalSteps, last } = ledger.progress
    if (loader.samplesPerEpoch !== undefined || step === totalSteps || (await loader.hasMore())) return
    const { epoch } = loader.position
    ledger.refine({ epochs: epoch, last: last || epoch === options.epochs })
    ending.refine(ledger.progress)
  }

  // -- what is done with a step's results

  private async logWhenDue(step: Step): Promise<void> {
    await this.ledger.agree(['log', 'stop'])
    const requested = this.ledger.requests.take('log').length > 0
    if (requested || this.ledger.isDue(this.options.log)) await this.log.add(step, this.ledger.progress)
    await this.log.deliverUntil(step.number)
  }

  private async deliver(context: LogContext, isSkipped: boolean): Promise<void> {
    this.lastLog = context.values
    const { loss = 0 } = context.values
    const isSpoiled = this.options.nonFiniteLoss === 'stop' && !isSkipped && !Number.isFinite(loss)
    if (isSpoiled && this.failure === undefined) throw nonFinite(context.step, loss)
    await this.tell(train.log, () => context)
  }

  private async evaluateWhenDue(): Promise<void> {
    const { evaluate } = this.options
    await this.ledger.agree(['evaluate', 'stop'])
    const requested = this.takeEvaluateRequests()
    if (evaluate !== undefined && (requested || this.ledger.isDue(evaluate.when)))
      await this.evaluate(evaluate)
  }

  private takeEvaluateRequests(): boolean {
    const requested = this.ledger.requests.take('evaluate').length > 0
    if (requested && this.options.evaluate === undefined) {
      this.ledger.warn('an evaluation was asked for, but the trainer has no evaluate.data')
    }
    return requested
  }

  private async evaluate({ data, batchSize }: NonNullable<ResolvedOptions['evaluate']>): Promise<void> {
    const { ledger, session, options } = this
    await this.log.flush()
    const { step } = ledger.progress
    this.evaluatedStep = step
    this.lastEvaluation = await runEvaluation({
      session,
      data,
      batchSize,
      seed: options.seed,
      group: options.group,
      context: { ...this.base, step },
      progress: () => this.asOfNow(ledger.progress),
      tell: (event, make) => this.tell(event, make),
      poll: () => this.poll(),
      onHostSync: () => this.countHostSync(),
    })
  }

  private async checkpoint(): Promise<void> {
    await this.ledger.agree(['save', 'stop'])
    this.savedAtEnd = this.ledger.progress.last
    const requests = this.ledger.requests.take('save')
    if (requests.length > 0 && !this.ledger.bus.hasSubscribers(train.checkpoint)) {
      this.ledger.warn('a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint')
    }
    const capturing = new WhileDelivered('capture()', train.checkpoint)
    await this.tell(train.checkpoint, (): CheckpointContext => {
      const { progress } = this.ledger
      const capture = (): Promise<RunState> => capturing.run(() => this.capture())
      return {
        ...this.base,
        step: progress.step,
        progress,
        isWithinStep: false,
        requests: Object.freeze(requests),
        capture,
      }
    })
    await capturing.end()
  }

  // -- the end

  /** What is due at the end, where the end was not known yet when the last step came to it. */
  private async conclude(): Promise<void> {
    const { ledger, step } = this
    if (step !== undefined) {
      ledger.refine({ last: true })
      this.reached = ledger.progress
      await this.concludeStep(step)
      await this.log.flush()
      await ledger.agree(['save'])
      if (!this.savedAtEnd || ledger.requests.find('save') !== undefined) await this.checkpoint()
    }
    await this.log.flush()
  }

  private async concludeStep(step: Step): Promise<void> {
    const { log, evaluate } = this.options
    const { ledger } = this
    await ledger.agree(['log', 'evaluate'])
    const asked = { log: ledger.requests.take('log').length > 0, evaluate: this.takeEvaluateRequests() }
    if (this.log.step < step.number && (asked.log || isDueAtEnd(log)))
      await this.log.add(step, ledger.progress)
    const isEvaluated = evaluate === undefined || this.evaluatedStep === step.number
    if (!isEvaluated && (asked.evaluate || isDueAtEnd(evaluate.when))) await this.evaluate(evaluate)
  }

  private async end(): Promise<void> {
    const { requests, progress } = this.ledger
    await this.ledger.agree(['stop'])
    const stop = requests.find('stop')
    if (stop !== undefined && !this.course.isDone(progress.step)) return this.tellStopped(stop, false)
    this.outcome = 'finished'
    await this.tell(train.finished, () => ({ ...this.base, progress: this.asOfNow(this.reached) }))
  }

  private async abort(): Promise<void> {
    try {
      this.session?.zeroGradients()
      await this.log?.flush()
      const reason = messageOf(this.options.signal.reason ?? 'aborted on another rank')
      this.ledger.request('stop', reason, 'signal')
      await this.tellStopped({ reason, requestedBy: 'signal' }, true)
    } catch (error) {
      await this.fail(error)
    }
  }

  private async tellStopped(
    { reason, requestedBy }: Pick<Request, 'reason' | 'requestedBy'>,
    aborted: boolean,
  ): Promise<void> {
    this.outcome = 'stopped'
    this.stop = { reason, requestedBy }
    const progress = this.asOfNow(this.reached)
    await this.tell(train.stopped, () => ({ ...this.base, progress, reason, requestedBy, aborted }))
  }

  private async fail(error: unknown): Promise<void> {
    const at = (error as { at?: unknown } | undefined)?.at
    const progress = this.asOfNow(this.reached)
    const capture = (): Promise<RunState> => this.capture()
    const context = { ...this.base, progress, error, at: typeof at === 'string' ? at : this.at, capture }
    this.outcome = 'failed'
    this.failure = { error }
    this.options.group.abort(error instanceof Error ? error : new Error(String(error)))
    await this.attempt(() => this.log?.flush())
    await this.attempt(() => this.tell(train.failed, () => context))
  }

  private async close(hooks: InstalledHooks): Promise<void> {
    const context = { ...this.base, progress: this.asOfNow(this.reached), outcome: this.outcome }
    await this.attempt(() => this.tell(train.closed, () => context))
    await this.attempt(() => hooks.cleanUp())
    this.ledger.unsubscribeAll()
    await this.attempt(() => this.course.loader.close())
    this.release()
    await Promise.all(this.releasing)
    for (const error of this.ledger.closingErrors) this.keep(error)
  }

  /** Does what must be done whether or not it works. */
  private async attempt(action: () => unknown): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.keep(error)
    }
  }

  /** The first error is the run's, the others are warnings. */
  private keep(error: unknown): void {
    if (this.failure === undefined) this.failure = { error }
    else if (error !== this.failure.error) this.ledger.warn(`after the failure: ${messageOf(error)}`)
  }

  private summary(): RunSummary {
    const { ledger, reached } = this
    return Object.freeze({
      outcome: this.outcome as 'finished' | 'stopped',
      ...this.stop,
      steps: reached.step,
      epochs: reached.epochs,
      samples: reached.samples,
      seconds: this.clock.seconds,
      skippedSteps: this.skippedSteps,
      ...(this.lastLog && { lastLog: this.lastLog }),
      ...(this.lastEvaluation && { lastEvaluation: this.lastEvaluation }),
      hostSyncs: ledger.timings.hostSyncs,
      hostSyncsPerStep: ledger.timings.hostSyncsPerStep,
      timings: ledger.timings.summary,
      requests: ledger.requests.made,
      warnings: ledger.warnings,
      incidents: ledger.incidents.summary,
    })
  }

  // -- saving and restoring

  private async capture(): Promise<RunState> {
    await this.log.flush()
    return captureState(this.parts, this.reached)
  }

  private async load(state: RunState): Promise<void> {
    await restoreState(this.parts, state)
    this.reached = this.ledger.progress
  }

  private get parts(): StatefulParts {
    const { options, course, session, ledger } = this
    return { seed: options.seed, course, session, ledger }
  }

  // -- small questions

  private get epochContext(): EpochContext {
    return { ...this.base, epoch: this.course.loader.position.epoch, progress: this.ledger.progress }
  }

  /** With the time that has passed by now, as reports tell it; what is due goes by the time of the step. */
  private asOfNow(progress: Progress): Progress {
    return Object.freeze({ ...progress, seconds: this.clock.seconds })
  }

  /** Ends the run at once where any rank's signal says so. */
  private async poll(): Promise<void> {
    const { group, signal } = this.options
    await this.clock.breathe()
    if (group.worldSize === 1) {
      if (signal.aborted) throw new Aborted()
      return
    }
    const aborted = Int32Array.of(signal.aborted ? 1 : 0)
    await group.allReduce(aborted, 'max')
    if (aborted[0] === 1) throw new Aborted()
  }

  private countHostSync(): void {
    this.ledger.timings.countHostSync()
  }

  private release(): void {
    const released = this.step?.close()
    if (released !== undefined) this.releasing.push(released)
  }

  /** Delivers an event with the context that `make` makes, unless nobody listens. */
  private tell<Context extends object>(event: Event<Context>, make: () => Context): void | Promise<void> {
    this.at = event.id
    if (!this.ledger.bus.hasSubscribers(event)) return
    return this.ledger.bus.trigger(event, Object.freeze(make()))
  }
}

/** Unwinds the run when a signal says that it is to end at once. */
class Aborted extends Error {}

function nonFinite(step: number, loss: number): Error {
  return new Error(
    `the loss of step ${step} is ${loss}; try a lower learning rate or maxGradientNorm, look at the data, ` +
      "or skip such steps with nonFiniteLoss: 'skip'",
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
