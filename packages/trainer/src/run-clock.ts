import { clock, turn } from './platform.ts'
import type { ProcessGroup } from './process-group.ts'

/** The loop gives the event loop a turn after this many seconds without one. */
const turnEvery = 0.025

/** The time of a run, stops left out. */
export class RunClock {
  private startedAt = clock()
  private turnedAt = clock()

  /** Training begins; so many seconds of it lie before a resume. */
  start(secondsBefore: number): void {
    this.turnedAt = clock()
    this.startedAt = this.turnedAt - secondsBefore
  }

  get seconds(): number {
    return clock() - this.startedAt
  }

  /** The seconds on the main rank's clock, so that all ranks decide alike. */
  async agreedSeconds(group: ProcessGroup): Promise<number> {
    const { seconds } = this
    if (group.worldSize === 1) return seconds
    const shared = Float64Array.of(seconds)
    await group.broadcast(shared, 0)
    return shared[0] as number
  }

  /** Gives the event loop a turn from time to time. */
  breathe(): void | Promise<void> {
    if (clock() - this.turnedAt >= turnEvery) return this.turn()
  }

  private async turn(): Promise<void> {
    await turn()
    this.turnedAt = clock()
  }
}
