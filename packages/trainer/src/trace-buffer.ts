/** Something that took time, or a moment, on one of the threads of a trace. */
export interface TraceEntry {
  /** Who did it: the run, or a hook. */
  readonly thread: string
  readonly name: string
  /** `span`: nothing else of its thread overlaps it, other than within. `wait`: others go on meanwhile. */
  readonly kind: 'span' | 'wait' | 'moment'
  /** Seconds on the clock of the platform. */
  readonly began: number
  readonly ended: number
  readonly details?: Readonly<Record<string, unknown>>
}

/** The newest entries, at most so many. */
export class TraceBuffer {
  private readonly capacity: number
  private readonly entries: TraceEntry[] = []
  private added = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  add(entry: TraceEntry): void {
    this.entries[this.added++ % this.capacity] = entry
  }

  clear(): void {
    this.entries.length = 0
    this.added = 0
  }

  /** How many had to go for newer ones. */
  get dropped(): number {
    return this.added - this.entries.length
  }

  /** The oldest first. */
  *[Symbol.iterator](): Generator<TraceEntry> {
    const { entries, added, capacity } = this
    const oldest = added > capacity ? added % capacity : 0
    yield* entries.slice(oldest)
    yield* entries.slice(0, oldest)
  }
}
