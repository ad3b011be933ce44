import type { PartialEvaluation, Values } from '@hookstep/catalogue'
import type { ProcessGroup } from './process-group.ts'

/** Sums values by name, each weighted by its number of samples, in the order of the batches. */
export class Means {
  /** Batches that are done, those included of which this rank has no sample. */
  batches: number
  private readonly lag: number
  private readonly sums: Map<string, number>
  private samples: number
  /** Sums that wait for the device, the oldest first. */
  private readonly late: Promise<void>[] = []
  private last: Promise<void> | undefined
  private readonly releasing: Promise<void>[] = []

  /** @param from What an evaluation that was interrupted has added up. */
  constructor(lag: number, from: PartialEvaluation = { batches: 0, samples: 0, sums: {} }) {
    this.lag = lag
    this.batches = from.batches
    this.samples = from.samples
    this.sums = new Map(Object.entries(from.sums))
  }

  /** A batch of which this rank has no sample. */
  skip(): void {
    this.batches++
  }

  /** Adds a batch's values. Waits only for those of so many batches ago as the device is late. */
  async add(values: Values | Promise<Values>, size: number): Promise<void> {
    this.batches++
    if (!(values instanceof Promise)) return this.sum(values, size)
    // One after the other: sums of floating-point numbers depend on their order.
    const summed = Promise.all([values, this.last]).then(([read]) => this.sum(read, size))
    // Its failure is met where it is awaited.
    summed.catch(() => {})
    this.last = summed
    this.late.push(summed)
    if (this.late.length > this.lag) await this.late.shift()
  }

  /** Calls `release` once what was added is read, or could not be. */
  whenRead(release: () => void): void {
    if (this.last === undefined) release()
    else this.releasing.push(this.last.then(release, release))
  }

  /** Waits for all that was to be released. */
  async released(): Promise<void> {
    await Promise.all(this.releasing)
  }

  /** What has been added up so far; waits for what is late. */
  async partial(): Promise<PartialEvaluation> {
    const { batches } = this
    await this.last
    return { batches, samples: this.samples, sums: Object.fromEntries(this.sums) }
  }

  async reduce(group: ProcessGroup): Promise<Values> {
    await this.last
    const totals = Float64Array.of(this.samples, ...this.sums.values())
    await group.allReduce(totals, 'sum')
    const [samples = 0, ...sums] = totals
    return Object.freeze(
      Object.fromEntries([...this.sums.keys()].map((name, at) => [name, (sums[at] as number) / samples])),
    )
  }

  private sum(values: Values, size: number): void {
    this.samples += size
    for (const [name, value] of Object.entries(values)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value * size)
    }
  }
}
