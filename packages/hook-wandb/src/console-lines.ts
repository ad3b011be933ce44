import type { OutputRecord } from './log/records.ts'
import type { Platform } from './platform.ts'

/** Lines that are kept until there is a log. */
const earlyLines = 1000

/** What a program writes to its outputs, line by line. */
export class ConsoleLines {
  private take: (record: OutputRecord) => void
  private early: OutputRecord[] = []
  private readonly release: () => void

  constructor(capture: Platform['captureConsole']) {
    this.take = (record) => {
      if (this.early.length < earlyLines) this.early.push(record)
    }
    const release = capture?.((stream, line) => {
      this.take({ type: 'output', stream, timestamp: Date.now() / 1000, line })
    })
    this.release = release ?? (() => {})
  }

  /** Hands over what has come, and what comes. */
  flowTo(take: (record: OutputRecord) => void): void {
    this.early.forEach(take)
    this.early = []
    this.take = take
  }

  end(): void {
    this.release()
  }
}
