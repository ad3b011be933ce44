import {
  evaluate as evaluateEvents,
  isDueAtEnd,
  type LogContext,
  type RunContext,
  train,
  type Values,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import type { Session } from './backend.ts'
import { runEvaluation } from './evaluation.ts'
import type { Ledger } from './ledger.ts'
import { Means } from './means.ts'
import type { ResolvedOptions } from './options.ts'
import type { RunClock } from './run-clock.ts'
import type { Step } from './step.ts'
import { StepCursor } from './step-cursor.ts'
import { StepLog, type StepLogOptions } from './step-log.ts'
import { nonFinite } from './step-work.ts'
import type { Telling } from './telling.ts'

/** What is needed of the run to do something with results. */
export interface StepResultsParts {
  readonly options: ResolvedOptions
  readonly ledger: Ledger
  readonly clock: RunClock
  readonly session: Session
  readonly tell: Telling['tell']
  /** Does what was asked for at once, before an event. */
  readonly poll: (next: Event<object>) => Promise<void>
  readonly hasFailed: () => boolean
}

/** What is done with the results of a step, where that is due or asked for: they are logged, and the model evaluated. */
export class StepResults {
  readonly log: StepLog
  lastLog: Values | undefined
  lastEvaluation: Values | undefined
  private evaluatedStep = 0
  private readonly parts: StepResultsParts
  private readonly base: RunContext

  constructor(parts: StepResultsParts) {
    const { options, ledger, session } = parts
    this.parts = parts
    this.base = { distributed: ledger.distributed }
    const deliver: StepLogOptions['deliver'] = (context, isSkipped) => this.deliver(context, isSkipped)
    const { readbackLag: lag, metricNames } = session
    this.log = new StepLog({ lag, group: options.group, metricNames, base: this.base, deliver })
  }

  async logWhenDue(step: Step): Promise<void> {
    const { ledger, options } = this.parts
    if (!step.cursor.reach(train.log)) return
    await ledger.agree(['log', 'stop'])
    const requested = ledger.requests.take('log').length > 0
    if (requested || ledger.isDue(options.log)) await this.log.add(step, ledger.progress)
    await this.log.deliverUntil(step.number)
  }

  async evaluateWhenDue(step: Step): Promise<void> {
    const { ledger, options, session } = this.parts
    const { evaluate } = options
    if (step.cursor.reach(evaluateEvents.pre)) {
      await ledger.agree(['evaluate', 'stop'])
      const requested = this.takeEvaluateRequests()
      const isDue = evaluate !== undefined && (requested || ledger.isDue(evaluate.when))
      if (isDue) step.evaluation ??= new Means(session.readbackLag)
    }
    if (evaluate === undefined || step.evaluation === undefined) return
    await this.evaluate(evaluate, step.evaluation, step.cursor)
    step.evaluation = undefined
  }

  /** What is due at the end, where the end was not known yet when the last step came to it. */
  async conclude(step: Step): Promise<void> {
    const { ledger, options, session } = this.parts
    const { log, evaluate } = options
    await ledger.agree(['log', 'evaluate'])
    const asked = { log: ledger.requests.take('log').length > 0, evaluate: this.takeEvaluateRequests() }
    if (this.log.step < step.number && (asked.log || isDueAtEnd(log)))
      await this.log.add(step, ledger.progress)
    const isEvaluated = evaluate === undefined || this.evaluatedStep === step.number
    if (isEvaluated || !(asked.evaluate || isDueAtEnd(evaluate.when))) return
    await this.evaluate(evaluate, new Means(session.readbackLag), new StepCursor())
  }

  private async deliver(context: LogContext, isSkipped: boolean): Promise<void> {
    const { options, tell, hasFailed } = this.parts
    this.lastLog = context.values
    const { loss = 0 } = context.values
    const isSpoiled = options.nonFiniteLoss === 'stop' && !isSkipped && !Number.isFinite(loss)
    if (isSpoiled && !hasFailed()) throw nonFinite(context.step, loss)
    await tell(train.log, () => context)
  }

  private takeEvaluateRequests(): boolean {
    const { ledger, options } = this.parts
    const requested = ledger.requests.take('evaluate').length > 0
    if (requested && options.evaluate === undefined) {
      ledger.warn('an evaluation was asked for, but the trainer has no evaluate.data')
    }
    return requested
  }

  private async evaluate(
    { data, batchSize }: NonNullable<ResolvedOptions['evaluate']>,
    means: Means,
    cursor: StepCursor,
  ): Promise<void> {
    const { ledger, session, options, clock, tell, poll } = this.parts
    await this.log.flush()
    const { step } = ledger.progress
    this.evaluatedStep = step
    this.lastEvaluation = await runEvaluation({
      session,
      data,
      batchSize,
      means,
      cursor,
      seed: options.seed,
      group: options.group,
      context: { ...this.base, step },
      progress: () => Object.freeze({ ...ledger.progress, seconds: clock.seconds }),
      tell,
      poll,
      onHostSync: () => ledger.timings.countHostSync(),
    })
  }
}
