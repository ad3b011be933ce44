import type { Incident } from '../incident.ts'

/** Tells of events that a hook was not told of: of the first of each kind at once, of the others in sum. */
export class Dropped {
  private readonly counts = new Map<string, number>()
  private readonly report: (incident: Incident) => void
  private readonly reason: string

  constructor(report: (incident: Incident) => void, reason: string) {
    this.report = report
    this.reason = reason
  }

  add(at: string): void {
    const counted = this.counts.get(at)
    this.counts.set(at, (counted ?? -1) + 1)
    if (counted === undefined) this.tell(at, 1)
  }

  /** Tells of those that are only counted as yet. */
  tellRest(): void {
    for (const [at, count] of this.counts) {
      this.counts.set(at, 0)
      if (count > 0) this.tell(at, count)
    }
  }

  private tell(at: string, count: number): void {
    this.report({ kind: 'dropped', at, count, reason: this.reason })
  }
}
