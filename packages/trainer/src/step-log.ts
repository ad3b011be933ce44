import type { LogContext, Progress, RunContext, Values } from '@hookstep/catalogue'
import type { ProcessGroup } from './process-group.ts'
import type { Step } from './step.ts'

export interface StepLogOptions {
  /** Steps after which an entry is delivered. */
  readonly lag: number
  readonly group: ProcessGroup
  readonly metricNames: readonly string[]
  readonly base: RunContext
  readonly deliver: (context: LogContext, isSkipped: boolean) => void | Promise<void>
}

/** A step's numbers, on their way from the device. */
interface Entry {
  readonly context: Omit<LogContext, 'values'>
  readonly values: Values | Promise<Values>
  /** Whether its gradients were dropped. */
  readonly isSkipped: boolean
}

/**
 * The numbers of steps that are logged. On a device that is late each entry is delivered a fixed number
 * of steps after its own, in order, so that no step waits and the order of events does not depend on how
 * fast a device is.
 */
export class StepLog {
  /** The last step that was logged. */
  step = 0
  /** The last one whose numbers all handlers have been told. */
  delivered = 0
  private readonly options: StepLogOptions
  private readonly waiting: Entry[] = []

  constructor(options: StepLogOptions) {
    this.options = options
  }

  /** Begins to read a step's numbers. */
  async add(step: Step, progress: Progress): Promise<void> {
    const { base, group } = this.options
    this.step = step.number
    step.logged = true
    const context = { ...base, step: step.number, epoch: step.context.epoch, progress }
    const values = group.worldSize === 1 ? step.readValues() : await this.reduced(step)
    // Its failure is met where it is delivered.
    if (values instanceof Promise) values.catch(() => {})
    this.waiting.push({ context, values, isSkipped: step.skipped })
  }

  /** Delivers what has waited long enough at the end of a step. */
  async deliverUntil(step: number): Promise<void> {
    while (this.waiting[0] !== undefined && this.waiting[0].context.step + this.options.lag <= step) {
      await this.deliverFirst()
    }
  }

  /** Delivers all. */
  async flush(): Promise<void> {
    while (this.waiting.length > 0) await this.deliverFirst()
  }

  private async deliverFirst(): Promise<void> {
    const { context, values, isSkipped } = this.waiting.shift() as Entry
    await this.options.deliver({ ...context, values: Object.freeze(await values) }, isSkipped)
    this.delivered = context.step
  }

  /**
   * Sums the numbers of all ranks: each has weighted its own by its share of the step's samples, and one
   * that had none adds nothing.
   */
  private async reduced(step: Step): Promise<Values> {
    const { group, metricNames } = this.options
    const { learning_rate, gradient_norm, ...own } = await step.readValues()
    const names = ['loss', ...(step.measured ? metricNames : [])]
    const sums = Float64Array.from(names, (name) => own[name] ?? 0)
    await group.allReduce(sums, 'sum')
    return {
      ...Object.fromEntries(names.map((name, at) => [name, sums[at] as number])),
      ...(gradient_norm === undefined ? {} : { gradient_norm }),
      learning_rate: learning_rate as number,
    }
  }
}
