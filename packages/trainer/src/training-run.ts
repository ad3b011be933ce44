import {
  type CheckpointContext,
  type DataState,
  type EpochContext,
  type FailedContext,
  type FinishedContext,
  type Progress,
  type Request,
  type RunContext,
  type RunState,
  train,
} from '@hookstep/catalogue'
import type { Event, InstalledHooks } from '@hookstep/core'
import type { Session } from './backend.ts'
import { tellModel, tellOptions } from './configuration-events.ts'
import { Course } from './course.ts'
import { Ending } from './ending.ts'
import { messageOf, placeOf } from './failure.ts'
import { Ledger } from './ledger.ts'
import type { ResolvedOptions, RunSummary } from './options.ts'
import { leastOf } from './process-group.ts'
import { RunClock } from './run-clock.ts'
import { captureState, checkSameStep, reachedBy, restoreState } from './run-state.ts'
import { withRates } from './schedule-rates.ts'
import { type InterruptedStep, Step } from './step.ts'
import { StepResults } from './step-results.ts'
import { StepWork } from './step-work.ts'
import { Telling } from './telling.ts'
import { WhileDelivered } from './while-delivered.ts'

/** One run of training, from the first event to the last. Reads from the top down in the order it happens. */
export class TrainingRun {
  readonly ledger: Ledger
  /** The progress that the parameters have made. */
  reached: Progress
  private readonly options: ResolvedOptions
  private readonly base: RunContext
  private readonly course: Course
  private readonly clock = new RunClock()
  private readonly telling: Telling
  private readonly ending: Ending<FinishedContext, Pick<FailedContext, 'capture'>>
  private session!: Session
  private work!: StepWork
  private results!: StepResults
  /** The last step that was begun. */
  private step: Step | undefined
  /** The same, until nothing of it is left to be done. */
  private underWay: Step | undefined
  /** A step to be taken up: the saved run was interrupted in it. */
  private interrupted: InterruptedStep | undefined
  /** Whether a hook has refused its part of the state that was restored last. */
  private isRestoredInPart = false
  private isReady = false
  /** Whether `train.checkpoint` has been told at a step that was known to be the last. */
  private savedAtEnd = false
  private readonly releasing: (void | Promise<void>)[] = []

  constructor(options: ResolvedOptions) {
    this.options = options
    this.course = new Course(options)
    const totalSteps = this.course.totalSteps(0)
    const configuration = withRates(options.configuration, options, totalSteps)
    this.ledger = new Ledger({ ...options, configuration }, totalSteps)
    this.base = { distributed: this.ledger.distributed }
    this.telling = new Telling(options.bus)
    const { ledger, clock, telling } = this
    const parts = { ledger, clock, telling, group: options.group }
    this.ending = new Ending(parts, train, () => this.reachedContext)
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
      if (error instanceof Aborted) await this.abort(error)
      else await this.fail(error)
    }
    await this.ending.close(hooks, () => this.releaseAll())
    return this.summary()
  }

  /** What is evaluated outside of the run is the model of a saved one. */
  standAt(state: Pick<RunState, 'step' | 'epochs' | 'samples' | 'seconds' | 'partial'>): void {
    this.reached = reachedBy(state)
  }

  // -- before the first step

  private async configure(open: () => Promise<Session>): Promise<void> {
    const { ledger, options, course, clock, telling, tell } = this
    await tellOptions({ options, ledger, course, telling })
    const session = await open()
    const poll = (next: Event<object>): Promise<void> => this.poll(next)
    const hasFailed = (): boolean => this.ending.hasFailed
    this.session = session
    this.work = new StepWork({ options, ledger, course, session, tell, poll })
    this.results = new StepResults({ options, ledger, clock, session, tell, poll, hasFailed })
    await tellModel({ options, ledger, course, telling }, session)
  }

  private async restore(): Promise<void> {
    const { group } = this.options
    const restoring = new WhileDelivered('restore()', train.restore)
    const agreeing = new WhileDelivered('agree()', train.restore)
    await this.tell(train.restore, () => ({
      ...this.base,
      restore: (state: RunState) => restoring.run(() => this.load(state)),
      agree: (value: number) => agreeing.run(() => leastOf(value, group)),
    }))
    await restoring.end()
    await agreeing.end()
    if (this.isRestoredInPart) {
      throw new Error(
        'a hook has refused its part of the state that was restored: restore another one, or let its error end the run',
      )
    }
    const { epoch } = this.course.loader.position
    await checkSameStep(group, this.ledger.progress.step, { epoch, partial: this.interrupted?.partial })
  }

  private async load(state: RunState): Promise<void> {
    const { course, session, ledger } = this
    const parts = { seed: this.options.seed, course, session, ledger }
    const { interrupted, giveToHooks } = await restoreState(parts, state)
    this.interrupted = interrupted
    this.reached = { ...reachedBy(state), totalSteps: ledger.progress.totalSteps }
    this.isRestoredInPart = true
    await giveToHooks()
    this.isRestoredInPart = false
  }

  private async ready(): Promise<void> {
    const { progress } = this.ledger
    this.isReady = true
    this.clock.start((this.interrupted?.partial.progress ?? progress).seconds)
    await this.tell(train.ready, () => ({ ...this.base, progress }))
    await this.poll()
  }

  // -- the steps

  private async epochs(): Promise<void> {
    const { loader } = this.course
    while (!(await this.isOver())) {
      await this.tell(train.epoch.pre, () => this.epochContext)
      while (!(await this.isOver()) && (await this.hasStep())) await this.runStep()
      if (!(await this.isEpochOver())) return
      await this.tell(train.epoch.post, () => this.epochContext)
      loader.nextEpoch()
    }
  }

  /** Whether all is done, or any rank asked to stop. A step that was interrupted is under way: its rest is done first. */
  private async isOver(): Promise<boolean> {
    const { ledger, course } = this
    await ledger.agree(['save', 'stop'])
    if (course.isDone(ledger.progress.step)) return true
    if (ledger.requests.isUrgent) await this.doAtOnce()
    return this.interrupted === undefined && ledger.requests.find('stop') !== undefined
  }

  private hasStep(): boolean | Promise<boolean> {
    return this.interrupted !== undefined || this.course.loader.hasMore()
  }

  /** A stream is not asked once the run's steps are done: its next batch may never come. */
  private async isEpochOver(): Promise<boolean> {
    const { loader } = this.course
    if (loader.samplesPerEpoch === undefined && this.course.isDone(this.ledger.progress.step)) return false
    return !(await loader.hasMore())
  }

  /** One step; of one that was interrupted, the rest. */
  private async runStep(): Promise<void> {
    const { interrupted } = this
    this.release()
    const step = interrupted === undefined ? await this.nextStep() : this.takeUp(interrupted)
    if (step.cursor.reach(train.step.pre)) await this.tell(train.step.pre, () => step.context)
    await this.work.fetch(step)
    await this.work.forwardBackward(step)
    await this.work.update(step)
    this.session.zeroGradients()
    await this.lookAhead(step)
    this.reached = this.ledger.progress
    await this.results.logWhenDue(step)
    await this.results.evaluateWhenDue(step)
    step.cursor.reach(train.step.post)
    await this.tell(train.step.post, () => step.context)
    await this.checkpoint()
  }

  private async nextStep(): Promise<Step> {
    const { ledger, course, options } = this
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
    const learningRate = course.learningRate(done + 1, totalSteps)
    const step = this.beginStep(course.loader.position, learningRate)
    step.samples = samples
    return step
  }

  /** The step that was interrupted, as far as it has come. Only the length of the run may be another. */
  private takeUp(interrupted: InterruptedStep): Step {
    const { ledger, session, results } = this
    const { progress, data, learningRate } = interrupted.partial
    const { totalSteps } = ledger.progress
    ledger.begin({ ...progress, totalSteps, last: progress.step === totalSteps })
    const step = this.beginStep(data, learningRate)
    this.interrupted = undefined
    step.takeUp(interrupted, session.readbackLag)
    step.fetchedTo = this.course.loader.position
    if (step.logged) results.log.step = step.number
    return step
  }

  private beginStep(data: DataState, learningRate: number): Step {
    const { progress } = this.ledger
    const step = new Step({
      distributed: this.base.distributed,
      number: progress.step,
      epoch: data.epoch,
      progress,
      data,
      learningRate,
      onHostSync: () => this.countHostSync(),
    })
    this.step = step
    this.underWay = step
    return step
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

  private async checkpoint(): Promise<void> {
    await this.ledger.agree(['save', 'stop'])
    this.underWay = undefined
    this.savedAtEnd = this.ledger.progress.last
    await this.tellCheckpoint(this.ledger.requests.take('save'))
  }

  private async tellCheckpoint(requests: readonly Request[]): Promise<void> {
    if (requests.length > 0 && !this.ledger.bus.hasSubscribers(train.checkpoint)) {
      this.ledger.warn('a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint')
    }
    const capturing = new WhileDelivered('capture()', train.checkpoint)
    await this.tell(train.checkpoint, (): CheckpointContext => {
      const { complete: progress, isWithinStep } = this
      return {
        ...this.base,
        step: progress.step,
        progress,
        isWithinStep,
        requests: Object.freeze(requests),
        capture: () => capturing.run(() => this.capture()),
      }
    })
    await capturing.end()
  }

  // -- at any time

  /** Does what was asked for at once, before an event of the step: all ranks agree, the run saves, then ends. */
  private async poll(next?: Event<object>): Promise<void> {
    const { ledger, clock } = this
    const breath = clock.breathe()
    if (breath !== undefined) await breath
    const isAborted = await ledger.agreeNow()
    if (next !== undefined) this.underWay?.cursor.reach(next)
    if (isAborted) this.askBySignal()
    if (ledger.requests.isUrgent) await this.doAtOnce()
  }

  private askBySignal(): void {
    const { ledger, options } = this
    const reason = messageOf(options.signal.reason ?? 'aborted on another rank')
    ledger.request('stop', reason, 'signal', { now: true })
    ledger.requests.agreeNow('stop')
  }

  /** Saves, then ends, as all ranks know that it was asked for. @throws Aborted to end. */
  private async doAtOnce(): Promise<void> {
    const { requests } = this.ledger
    const saves = requests.takeNow('save')
    if (saves.length > 0) await this.tellCheckpoint(saves)
    const stop = requests.findNow('stop')
    if (stop !== undefined) throw new Aborted(stop)
  }

  private async capture(): Promise<RunState> {
    await this.results.log.flush()
    const { options, session, ledger, underWay, interrupted, complete } = this
    const partial = underWay === undefined ? interrupted?.partial : await underWay.partial()
    // A batch that could not be fetched was not.
    const data = underWay?.fetchedTo ?? this.course.loader.position
    return captureState({ seed: options.seed, session, ledger }, { complete, partial, data })
  }

  private get isWithinStep(): boolean {
    return this.underWay !== undefined || this.interrupted !== undefined
  }

  /** The progress of the last step of which nothing is left to be done. */
  private get complete(): Progress {
    if (this.underWay !== undefined) return this.ledger.progressBefore
    return this.interrupted === undefined ? this.reached : this.ledger.progress
  }

  // -- the end

  /** What is due at the end, where the end was not known yet when the last step came to it. */
  private async conclude(): Promise<void> {
    const { ledger, step } = this
    if (step !== undefined) {
      ledger.refine({ last: true })
      this.reached = ledger.progress
      await this.results.conclude(step)
      await this.results.log.flush()
      await ledger.agree(['save'])
      if (!this.savedAtEnd || ledger.requests.find('save') !== undefined) await this.checkpoint()
    }
    await this.results.log.flush()
  }

  private async end(): Promise<void> {
    const { requests, progress } = this.ledger
    await this.ledger.agree(['stop'])
    const stop = requests.find('stop')
    if (stop === undefined || this.course.isDone(progress.step)) await this.ending.finish()
    else await this.ending.stop(stop, false)
  }

  private async abort({ request }: Aborted): Promise<void> {
    try {
      this.session.zeroGradients()
      await this.results.log.flush()
      await this.ending.stop(request, true)
    } catch (error) {
      await this.fail(error)
    }
  }

  private async fail(error: unknown): Promise<void> {
    const capturing = new WhileDelivered('capture()', train.failed)
    const capture = (): Promise<RunState> => capturing.run(() => this.captureFailed())
    await this.ending.fail(error, placeOf(error, this.telling.at), { capture }, () =>
      this.results?.log.flush(),
    )
    await capturing.end()
  }

  /** @throws Error where there is nothing to go on from. */
  private async captureFailed(): Promise<RunState> {
    const { underWay } = this
    if (!this.isReady) throw new Error('there is nothing to go on from: the run failed before train.ready')
    if (underWay?.isChanging) {
      throw new Error(`there is nothing to go on from: the update of step ${underWay.number} broke off`)
    }
    if (underWay !== undefined && this.results.log.delivered === underWay.number) underWay.skipLog()
    return this.capture()
  }

  /** @throws what made the run fail. */
  private summary(): RunSummary {
    const { reached } = this
    const { lastLog, lastEvaluation } = this.results ?? {}
    const { timings } = this.ledger
    return Object.freeze({
      ...this.ending.summary(),
      steps: reached.step,
      epochs: reached.epochs,
      samples: reached.samples,
      skippedSteps: this.work?.skipped ?? 0,
      ...(lastLog && { lastLog }),
      ...(lastEvaluation && { lastEvaluation }),
      hostSyncs: timings.hostSyncs,
      hostSyncsPerStep: timings.hostSyncsPerStep,
    })
  }

  private async releaseAll(): Promise<void> {
    try {
      await this.course.loader.close()
    } finally {
      this.release()
      await Promise.all(this.releasing)
    }
  }

  private release(): void {
    const released = this.step?.close()
    if (released !== undefined) this.releasing.push(released)
  }

  // -- small questions

  /** With the time that has passed by now: what was due went by the time of the step. */
  private get reachedContext(): FinishedContext {
    return { ...this.base, progress: Object.freeze({ ...this.reached, seconds: this.clock.seconds }) }
  }

  private get epochContext(): EpochContext {
    return { ...this.base, epoch: this.course.loader.position.epoch, progress: this.ledger.progress }
  }

  private countHostSync(): void {
    this.ledger.timings.countHostSync()
  }

  private tell: Telling['tell'] = (event, make) => this.telling.tell(event, make)
}

/** Unwinds the run when it is to end at once. */
class Aborted extends Error {
  readonly request: Pick<Request, 'reason' | 'requestedBy'>

  constructor(request: Pick<Request, 'reason' | 'requestedBy'>) {
    super(request.reason)
    this.request = request
  }
}
