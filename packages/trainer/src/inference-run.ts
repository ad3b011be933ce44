import {
  type InferenceCheckpointContext,
  type InferenceEndContext,
  type InferenceState,
  type InferenceStepContext,
  inference,
  type Outputs,
  type Progress,
  type RequestKind,
  type RunContext,
} from '@hookstep/catalogue'
import type { InstalledHooks } from '@hookstep/core'
import type { Batch, Session } from './backend.ts'
import type { Fetched } from './data-loader.ts'
import { Ending } from './ending.ts'
import { messageOf, placeOf } from './failure.ts'
import type { InferenceSummary, ResolvedInferenceOptions } from './inference-options.ts'
import { InferencePass } from './inference-pass.ts'
import { captureInference, restoreInference } from './inference-state.ts'
import { Ledger } from './ledger.ts'
import { liveParameters } from './live-arrays.ts'
import { leastOf } from './process-group.ts'
import { RunClock } from './run-clock.ts'
import { checkSameStep } from './run-state.ts'
import { Telling } from './telling.ts'
import { Wakeable } from './wakeable.ts'
import { WhileDelivered } from './while-delivered.ts'

/** What one step has inferred. */
export interface InferenceOutput {
  /** Counted from 1. */
  readonly step: number
  /** Samples before this step, of all ranks together. */
  readonly samples: number
  /** Samples in the batch. */
  readonly size: number
  /** What the data gave. */
  readonly batch: Batch
  /** The model's outputs for the batch. The first dimension counts samples. */
  readonly outputs: Outputs
}

/**
 * One run of inference, from the first event to the last. It yields the outputs of a step, and that the next ones are
 * asked for is what it takes for their delivery: nothing is computed ahead.
 */
export class InferenceRun {
  readonly ledger: Ledger
  private readonly options: ResolvedInferenceOptions
  private readonly base: RunContext
  readonly pass: InferencePass
  private readonly clock = new RunClock()
  private readonly telling: Telling
  private readonly ending: Ending<InferenceEndContext>
  private readonly waiting = new Wakeable()
  private session!: Session
  /** How far outputs are delivered. */
  private reached: Progress
  /** Whether there has been a step, here and not before a resume. */
  private isBegun = false
  /** Whether nobody takes outputs any more. */
  private isAbandoned = false
  /** Whether the data has said that it is at its end. */
  private isAtEnd = false
  /** Whether `inference.checkpoint` has been told at a step that was known to be the last. */
  private savedAtEnd = false
  /** What became of the run, once it is over and did not fail. */
  summary: InferenceSummary | undefined

  constructor(options: ResolvedInferenceOptions) {
    this.options = options
    this.pass = new InferencePass(options)
    this.ledger = new Ledger(options, this.pass.totalSteps(0))
    this.base = { distributed: this.ledger.distributed }
    this.telling = new Telling(options.bus)
    const { ledger, clock, telling } = this
    const parts = { ledger, clock, telling, group: options.group }
    this.ending = new Ending(parts, inference, () => this.position)
    this.reached = this.ledger.progress
  }

  /** Ends the run at once where it waits for data: nobody will take what comes of it. */
  abandon(): void {
    this.isAbandoned = true
    this.waiting.wake()
  }

  /** Runs with hooks that are set up, and cleans them up however it ends: the consumer may leave, too. */
  async *outputs(
    hooks: InstalledHooks,
    open: () => Promise<Session>,
  ): AsyncGenerator<InferenceOutput, InferenceSummary, void> {
    let isLeft = true
    try {
      await this.begin(open)
      yield* this.steps()
      await this.conclude()
      await this.end()
      isLeft = false
    } catch (error) {
      isLeft = false
      await (error instanceof Aborted ? this.abort(error) : this.fail(error))
    } finally {
      if (isLeft) await this.leave()
      await this.close(hooks)
    }
    return this.summary as InferenceSummary
  }

  // -- before the first step

  private async begin(open: () => Promise<Session>): Promise<void> {
    const { ledger, pass, options, base } = this
    options.signal.addEventListener('abort', this.waiting.wake)
    ledger.onRequest = this.waiting.wake
    await this.tell(inference.configuration.start, () => ({ ...base, configuration: ledger.configuration }))
    await this.tell(inference.configuration.data_loader, () => ({
      ...base,
      data: options.data,
      samplesPerEpoch: pass.loader.samplesPerEpoch,
      stepsPerEpoch: pass.totalSteps(0),
    }))
    await this.openSession(open)
    await this.restore()
    this.clock.start(ledger.progress.seconds)
    await this.tell(inference.ready, () => ({ ...base, step: ledger.progress.step }))
  }

  private async openSession(open: () => Promise<Session>): Promise<void> {
    const { from, backend } = this.options
    const session = await open()
    const parameters = liveParameters(session, () => this.ledger.timings.countHostSync())
    this.session = session
    if (from === undefined) {
      this.ledger.warn(
        "the parameters are the task's own: give a trained run's state as from, or from: 'task' where they are meant",
      )
    } else if (from !== 'task') await parameters.write(from.session.parameters)
    const { model, parameterCount } = session
    await this.tell(inference.configuration.model_stages, () => ({
      ...this.base,
      backend: backend.name,
      model,
      parameterCount,
      parameters,
    }))
  }

  private async restore(): Promise<void> {
    const { group } = this.options
    const restoring = new WhileDelivered('restore()', inference.restore)
    const agreeing = new WhileDelivered('agree()', inference.restore)
    await this.tell(inference.restore, () => ({
      ...this.base,
      restore: (state: InferenceState) => restoring.run(() => this.load(state)),
      agree: (value: number) => agreeing.run(() => leastOf(value, group)),
    }))
    await restoring.end()
    await agreeing.end()
    await checkSameStep(group, this.ledger.progress.step)
  }

  private async load(state: InferenceState): Promise<void> {
    await restoreInference(this, state)
    this.reached = this.ledger.progress
  }

  // -- the steps

  private async *steps(): AsyncGenerator<InferenceOutput, void, void> {
    while (await this.goesOn()) yield* this.runStep()
  }

  /** Whether there is another batch, and nobody has asked to stop. What is asked for ends the waiting for a batch. */
  private async goesOn(): Promise<boolean> {
    const { requests } = this.ledger
    for (;;) {
      await this.poll()
      await this.ledger.agree(['stop'])
      if (requests.find('stop') !== undefined) return false
      const isMore = await this.isMore()
      if (isMore !== 'woken') {
        this.isAtEnd = !isMore
        return isMore
      }
      if (this.isAbandoned) throw leaving('caller')
      await this.saveWhereAsked()
    }
  }

  /** With several ranks a waiting cannot be ended: they wait for each other's data. */
  private async isMore(): Promise<boolean | 'woken'> {
    const isMore = this.pass.loader.hasMore()
    const isAlone = this.options.group.worldSize === 1
    return isAlone && isMore instanceof Promise ? this.waiting.until(isMore) : isMore
  }

  private async saveWhereAsked(): Promise<void> {
    const { ledger } = this
    if (ledger.requests.findNow('save') === undefined) return
    this.nothingIsDueAgain()
    await this.checkpoint()
  }

  private async *runStep(): AsyncGenerator<InferenceOutput, void, void> {
    const step = await this.beginStep()
    await this.tell(inference.step.pre, () => step)
    const { loader } = this.pass
    const fetched = await loader.take()
    if (loader.samplesPerEpoch === undefined) await this.countSamples(fetched)
    const output = fetched && (await this.infer(step, fetched))
    await this.poll()
    if (output !== undefined) yield* this.deliver(output)
    await this.countDelivered()
    await this.poll()
    await this.tell(inference.step.post, () => step)
    await this.checkpoint()
  }

  private async beginStep(): Promise<InferenceStepContext> {
    const { ledger, pass } = this
    const { step: done, samples, totalSteps } = ledger.progress
    const ahead = pass.loader.samplesAhead(1) ?? 0
    this.isBegun = true
    ledger.begin({
      step: done + 1,
      epochs: pass.shareAfter(ahead),
      samples: samples + ahead,
      seconds: await this.clock.agreedSeconds(this.options.group),
      totalSteps,
      last: done + 1 === totalSteps,
    })
    return Object.freeze({ ...this.base, step: done + 1, samples })
  }

  /** The samples of all ranks, where they are known only once they are here. */
  private async countSamples(fetched: Fetched | undefined): Promise<void> {
    const samples = Float64Array.of(fetched?.size ?? 0)
    await this.options.group.allReduce(samples, 'sum')
    this.ledger.refine({ samples: this.ledger.progress.samples + (samples[0] as number) })
  }

  private async infer(step: InferenceStepContext, { batch, size }: Fetched): Promise<InferenceOutput> {
    let outputs: Outputs | undefined
    const read = async (): Promise<Outputs> => {
      if (outputs === undefined) throw new Error('outputs() is known at inference.forward.post only')
      return outputs
    }
    const context = () => ({ ...step, size, data: batch, outputs: read })
    await this.tell(inference.forward.pre, context)
    outputs = await this.session.predict(batch)
    await this.tell(inference.forward.post, context)
    return { step: step.step, samples: step.samples, size, batch, outputs }
  }

  private async *deliver(output: InferenceOutput): AsyncGenerator<InferenceOutput, void, void> {
    const { at } = this.telling
    this.telling.at = delivery
    yield output
    this.telling.at = at
  }

  /** A step counts when its outputs are delivered on every rank. */
  private async countDelivered(): Promise<void> {
    if (await this.isTrueOnAny(false)) throw leaving('another rank')
    this.reached = this.ledger.progress
  }

  private async checkpoint(): Promise<void> {
    const { ledger } = this
    await ledger.agree(['save', 'stop', ...misplaced])
    this.warnOfMisplaced()
    this.savedAtEnd = ledger.progress.last
    const requests = Object.freeze(ledger.requests.take('save'))
    if (requests.length > 0 && !ledger.bus.hasSubscribers(inference.checkpoint)) {
      ledger.warn('a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint')
    }
    const capturing = new WhileDelivered('capture()', inference.checkpoint)
    await this.tell(inference.checkpoint, (): InferenceCheckpointContext => {
      const { step, samples } = ledger.progress
      const capture = (): Promise<InferenceState> => capturing.run(() => captureInference(this))
      return { ...this.base, step, samples, requests, capture }
    })
    await capturing.end()
  }

  private warnOfMisplaced(): void {
    const { ledger } = this
    for (const { kind, requestedBy } of misplaced.flatMap((kind) => ledger.requests.take(kind))) {
      ledger.warn(`${requestedBy} asked for ${kind}: inference has no such thing`)
    }
  }

  // -- the end

  /**
   * What is due at the end, where the end was not known yet when the last step came to it. A run that is to stop now
   * has none.
   */
  private async conclude(): Promise<void> {
    const { ledger } = this
    if (!this.isBegun || ledger.requests.findNow('stop') !== undefined) return
    await ledger.agree(['save'])
    if (this.savedAtEnd && ledger.requests.find('save') === undefined) return
    this.nothingIsDueAgain()
    ledger.refine({ last: true, ...(this.isAtEnd && { epochs: 1 }) })
    await this.checkpoint()
  }

  private async end(): Promise<void> {
    const { ledger } = this
    const { requests } = ledger
    await ledger.agree(['stop'])
    const stop = requests.find('stop')
    const isDone = this.isAtEnd || this.pass.isOver
    if (stop === undefined || isDone) await this.ending.finish()
    else await this.ending.stop(stop, requests.findNow('stop') !== undefined)
  }

  private async abort({ message: reason, requestedBy }: Aborted): Promise<void> {
    try {
      this.ledger.request('stop', reason, requestedBy)
      await this.ending.stop({ reason, requestedBy }, true)
    } catch (error) {
      await this.fail(error)
    }
  }

  /** The consumer has left at the outputs of a step: what became of them is not known, so that they do not count. */
  private async leave(): Promise<void> {
    try {
      await this.isTrueOnAny(true)
    } catch (error) {
      return this.fail(error)
    }
    await this.abort(leaving('caller'))
  }

  private async fail(error: unknown): Promise<void> {
    const { at } = this.telling
    // Of a hook's error the place is known; what the consumer throws may be anything.
    await this.ending.fail(error, at === delivery ? at : placeOf(error, at), {})
  }

  /** @throws what made the run fail. */
  private async close(hooks: InstalledHooks): Promise<void> {
    this.options.signal.removeEventListener('abort', this.waiting.wake)
    await this.ending.close(hooks, () => this.pass.loader.close())
    const { step: steps, samples } = this.reached
    this.summary = Object.freeze({ ...this.ending.summary(), steps, samples })
  }

  // -- small questions

  /** Of what counts steps, samples or seconds, when `inference.checkpoint` comes once more at a step. */
  private nothingIsDueAgain(): void {
    this.ledger.resetTo(this.ledger.progress)
  }

  /** How far outputs are delivered. */
  private get position(): InferenceEndContext {
    const { step, samples } = this.reached
    return { ...this.base, step, samples }
  }

  /** Ends the run at once where any rank's signal says so. */
  private async poll(): Promise<void> {
    const { signal } = this.options
    await this.clock.breathe()
    if (!(await this.ledger.agreeNow())) return
    throw new Aborted(messageOf(signal.reason ?? 'aborted on another rank'), 'signal')
  }

  private async isTrueOnAny(flag: boolean): Promise<boolean> {
    const { group } = this.options
    if (group.worldSize === 1) return flag
    const flags = Int32Array.of(flag ? 1 : 0)
    await group.allReduce(flags, 'max')
    return flags[0] === 1
  }

  private tell: Telling['tell'] = (event, make) => this.telling.tell(event, make)
}

function leaving(requestedBy: 'caller' | 'another rank'): Aborted {
  return new Aborted('its outputs were left', requestedBy)
}

/** Where the run is while the consumer has the outputs. */
const delivery = 'receive'

/** What training can do, and inference cannot. */
const misplaced: readonly RequestKind[] = ['evaluate', 'log', 'skipStep']

/** Unwinds the run when it is to end at once. The message is the reason. */
class Aborted extends Error {
  readonly requestedBy: string

  constructor(reason: string, requestedBy: string) {
    super(reason)
    this.requestedBy = requestedBy
  }
}
