import type { RunRecord } from './run-record.ts'

/** The runs of a live page, in the order in which they are shown. */
export class Board {
  private readonly byId = new Map<string, RunRecord>()

  get records(): Iterable<RunRecord> {
    return this.byId.values()
  }

  /** Shows a run, in place of the one of the same id where there is one. */
  show(record: RunRecord): void {
    this.byId.set(record.id, record)
  }
}
