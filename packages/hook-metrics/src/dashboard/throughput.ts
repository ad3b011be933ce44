import type { RowPosition } from '../rows.ts'

/** Samples per second between the rows of a run, evaluations left out. */
export class Throughput {
  private last: RowPosition | undefined

  /** A run begins, or goes on: what lies before is no part of the next stretch. */
  begin(row: RowPosition): void {
    this.last = row
  }

  /** Evaluations come between two steps: their time is not the training's. */
  evaluated(row: RowPosition): void {
    if (this.last?.step === row.step) this.last = row
  }

  /** @returns what it was since the row before; none where no time has passed. */
  logged(row: RowPosition): number | undefined {
    const { last } = this
    this.last = row
    if (last === undefined || row.seconds <= last.seconds || row.samples <= last.samples) return undefined
    return (row.samples - last.samples) / (row.seconds - last.seconds)
  }
}
