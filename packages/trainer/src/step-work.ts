import { train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import type { Session } from './backend.ts'
import type { Course } from './course.ts'
import type { Fetched } from './data-loader.ts'
import type { Ledger } from './ledger.ts'
import type { ResolvedOptions } from './options.ts'
import type { Step } from './step.ts'
import type { Telling } from './telling.ts'

/** What the work of a step needs of its run. */
export interface StepWorkParts {
  readonly options: ResolvedOptions
  readonly ledger: Ledger
  readonly course: Course
  readonly session: Session
  readonly tell: Telling['tell']
  /** Does what was asked for at once, before an event. */
  readonly poll: (next: Event<object>) => Promise<void>
}

/**
 * The work of a step, in its order: its batches are fetched, passed forward and backward, and the parameters
 * updated. A step that was interrupted does only the rest.
 */
export class StepWork {
  /** Steps whose gradients were dropped. */
  skipped = 0
  private readonly parts: StepWorkParts

  constructor(parts: StepWorkParts) {
    this.parts = parts
  }

  // -- the batches

  async fetch(step: Step): Promise<void> {
    const { accumulate } = this.parts.options
    const { loader } = this.parts.course
    if (step.cursor.isPast(train.batch.post)) return
    let microbatch = step.cursor.firstRound(step.microbatches.length, train.batch.post)
    for (; microbatch <= accumulate; microbatch++) {
      // Where the step was interrupted the batch was there, and the moment for requests has passed.
      if (!step.cursor.isCatchingUp && !(await loader.hasMore())) break
      await this.fetchOne(step, microbatch)
    }
    if (loader.samplesPerEpoch === undefined) await this.countSamples(step)
  }

  private async fetchOne(step: Step, microbatch: number): Promise<void> {
    const { course, tell, poll } = this.parts
    const { cursor, microbatches } = step
    if (!cursor.isCatchingUp) await poll(train.batch.pre)
    if (cursor.reach(train.batch.pre)) await tell(train.batch.pre, () => ({ ...step.context, microbatch }))
    if (microbatches.length < microbatch) {
      microbatches.push(await course.loader.take())
      step.fetchedTo = course.loader.position
    }
    cursor.reach(train.batch.post)
    const fetched = microbatches[microbatch - 1]
    if (fetched === undefined) return
    await tell(train.batch.post, () => ({ ...step.context, microbatch, ...fetched }))
  }

  /** The samples of all ranks, where they are known only once they are here. */
  private async countSamples(step: Step): Promise<void> {
    const { ledger, options } = this.parts
    const samples = Float64Array.of(step.microbatches.reduce((sum, fetched) => sum + (fetched?.size ?? 0), 0))
    await options.group.allReduce(samples, 'sum')
    step.samples = samples[0] as number
    ledger.refine({ samples: ledger.progressBefore.samples + step.samples })
    step.refine(ledger.progress)
  }

  // -- forward and backward

  async forwardBackward(step: Step): Promise<void> {
    const { session, ledger, options, tell } = this.parts
    const { cursor, microbatches } = step
    if (!cursor.isPast(train.forward_backward.pre)) {
      await ledger.agree(['log', 'stop'])
      step.measured = ledger.requests.find('log') !== undefined || ledger.isDue(options.log)
      cursor.reach(train.forward_backward.pre)
      await tell(train.forward_backward.pre, () => step.context)
    }
    let microbatch = cursor.firstRound(step.passed, train.microbatch.post)
    for (; microbatch <= microbatches.length; microbatch++) await this.passOne(step, microbatch)
    step.keepResults(session)
    if (cursor.reach(train.forward_backward.post)) {
      await tell(train.forward_backward.post, () => step.context)
    }
  }

  private async passOne(step: Step, microbatch: number): Promise<void> {
    const { session, tell, poll } = this.parts
    const { cursor } = step
    const fetched = step.microbatches[microbatch - 1]
    const context = () => ({ ...step.context, microbatch, ...(fetched as Fetched) })
    if (!cursor.isCatchingUp) await poll(train.microbatch.pre)
    if (cursor.reach(train.microbatch.pre) && fetched !== undefined) await tell(train.microbatch.pre, context)
    if (step.passed < microbatch) {
      if (fetched !== undefined) {
        await session.forwardBackward(fetched.batch, fetched.size / step.samples, step.measured)
      }
      step.passed = microbatch
    }
    cursor.reach(train.microbatch.post)
    if (fetched !== undefined) await tell(train.microbatch.post, context)
  }

  // -- the update

  async update(step: Step): Promise<void> {
    const { session, tell } = this.parts
    const { cursor } = step
    if (step.skipped || !(await this.finishGradients(step))) return
    if (cursor.reach(train.optimizer_step.pre)) {
      await tell(train.optimizer_step.pre, () => step.context)
      if (await this.isSkipped(step)) return
      step.isChanging = true
      await session.optimizerStep(step.learningRate)
      step.isChanging = false
      step.updated = true
    }
    if (cursor.reach(train.optimizer_step.post)) await tell(train.optimizer_step.post, () => step.context)
  }

  /** Averages and clips the gradients; false where they are dropped. */
  private async finishGradients(step: Step): Promise<boolean> {
    // They were final before the step was interrupted.
    if (step.cursor.isCatchingUp) return true
    if (await this.isSkipped(step)) return false
    await this.checkLoss(step)
    if (await this.isSkipped(step)) return false
    await this.reduceGradients(step)
    return true
  }

  private isSkipped(step: Step): boolean | Promise<boolean> {
    const agreed = this.parts.ledger.agree(['skipStep'])
    return agreed === undefined ? this.takeSkips(step) : agreed.then(() => this.takeSkips(step))
  }

  private takeSkips(step: Step): boolean {
    if (this.parts.ledger.requests.take('skipStep').length === 0) return false
    step.skipped = true
    this.skipped++
    return true
  }

  /** A loss that is not finite ends the run, or skips the step, before it spoils the parameters. */
  private async checkLoss(step: Step): Promise<void> {
    const { session, ledger, options } = this.parts
    const { nonFiniteLoss } = options
    const isLate = session.readbackLag > 0
    if (!step.hasSamples || (isLate && nonFiniteLoss === 'stop')) return
    if (isLate) ledger.timings.countHostSync()
    const loss = await step.readLoss()
    if (Number.isFinite(loss)) return
    if (nonFiniteLoss === 'stop') throw nonFinite(step.number, loss)
    const isFirst = ledger.requests.made.every(({ requestedBy }) => requestedBy !== 'nonFiniteLoss')
    if (isFirst)
      ledger.warn(`the loss of step ${step.number} is ${loss}: such steps are skipped, and counted`)
    ledger.request('skipStep', `the loss is ${loss}`, 'nonFiniteLoss')
  }

  private async reduceGradients(step: Step): Promise<void> {
    const { session, options } = this.parts
    const { group, maxGradientNorm } = options
    const gradients = group.worldSize === 1 ? undefined : await session.readGradients()
    if (gradients !== undefined) await group.allReduce(gradients, 'sum')
    step.isChanging = true
    if (gradients !== undefined) session.writeGradients(gradients)
    if (maxGradientNorm !== undefined) step.keepGradientNorm(session.clipGradients(maxGradientNorm))
    step.isChanging = false
  }
}

export function nonFinite(step: number, loss: number): Error {
  return new Error(
    `the loss of step ${step} is ${loss}; try a lower learning rate or maxGradientNorm, look at the data, ` +
      "or skip such steps with nonFiniteLoss: 'skip'",
  )
}
