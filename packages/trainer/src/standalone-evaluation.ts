import type { Hook, Progress, Values } from '@hookstep/catalogue'
import type { Session } from './backend.ts'
import type { Data } from './data.ts'
import { runEvaluation } from './evaluation.ts'
import { installInTime } from './hook-setup.ts'
import { Ledger } from './ledger.ts'
import { Means } from './means.ts'
import type { ResolvedOptions } from './options.ts'
import { RunClock } from './run-clock.ts'
import { StepCursor } from './step-cursor.ts'

/** An evaluation outside of a run, with hooks of its own. */
export class StandaloneEvaluation {
  private readonly options: ResolvedOptions
  private readonly ledger: Ledger
  private readonly clock = new RunClock()

  constructor(options: ResolvedOptions, reached: Progress) {
    this.options = options
    this.ledger = new Ledger(options, reached.totalSteps)
    this.ledger.resetTo(reached)
  }

  async run(
    session: Session,
    {
      data,
      batchSize,
      hooks,
    }: { readonly data: Data; readonly batchSize: number; readonly hooks: readonly Hook[] },
  ): Promise<Values> {
    const { ledger, options } = this
    const { seed, group, bus } = options
    try {
      const installed = await installInTime(hooks, ledger)
      try {
        return await runEvaluation({
          session,
          data,
          batchSize,
          seed,
          group,
          context: { distributed: ledger.distributed, step: ledger.progress.step },
          progress: () => ledger.progress,
          means: new Means(session.readbackLag),
          cursor: new StepCursor(),
          tell: (event, make) =>
            bus.hasSubscribers(event) ? bus.trigger(event, Object.freeze(make())) : undefined,
          poll: () => this.poll(),
          onHostSync() {},
        })
      } finally {
        await ledger.incidents.settle()
        await installed.cleanUp()
        await ledger.incidents.settle()
      }
    } catch (error) {
      group.abort(error as Error)
      throw error
    } finally {
      ledger.unsubscribeAll()
    }
  }

  private async poll(): Promise<void> {
    await this.clock.breathe()
    const [request] = this.ledger.requests.made
    if (request === undefined) return
    throw new Error(
      `"${request.requestedBy}" asked for ${request.kind}: outside of a run there is nobody to ask`,
    )
  }
}
