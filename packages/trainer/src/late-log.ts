import type { LogContext, Values } from '@hookstep/catalogue'

/** A step's numbers, on their way from the device. */
export interface LogEntry {
  readonly context: Omit<LogContext, 'values'>
  readonly values: Values | Promise<Values>
}

/**
 * Log entries that wait for the device: each is delivered a fixed number of steps after its own, in
 * order, so that no step waits and the order of events does not depend on how fast a device is.
 */
export class LateLog {
  private readonly lag: number
  private readonly deliver: (context: LogContext) => void | Promise<void>
  private readonly waiting: LogEntry[] = []

  constructor(lag: number, deliver: (context: LogContext) => void | Promise<void>) {
    this.lag = lag
    this.deliver = deliver
  }

  add(entry: LogEntry): void {
    if (entry.values instanceof Promise) entry.values.catch(() => {})
    this.waiting.push(entry)
  }

  /** Delivers what has waited long enough at the end of a step. */
  async deliverUntil(step: number): Promise<void> {
    while (this.waiting[0] !== undefined && this.waiting[0].context.step + this.lag <= step) {
      await this.deliverFirst()
    }
  }

  /** Delivers all. */
  async flush(): Promise<void> {
    while (this.waiting.length > 0) await this.deliverFirst()
  }

  private async deliverFirst(): Promise<void> {
    const { context, values } = this.waiting.shift() as LogEntry
    await this.deliver({ ...context, values: Object.freeze(await values) })
  }
}
