/** All that was measured of one case. */
export interface Result {
  readonly subject: string
  readonly setting: string
  readonly unit: string
  /** One number for each round. */
  readonly rounds: number[]
}

/** What must hold: `value` is at most `limit`. */
export interface Goal {
  readonly name: string
  readonly value: number
  readonly limit: number
  readonly unit: string
  readonly met: boolean
}

/** What was measured, by subject and setting. */
export class Results {
  readonly all: readonly Result[]

  constructor(all: readonly Result[]) {
    this.all = all
  }

  /**
   * The least of a case's rounds: what a machine does besides can only add to a time, so the least
   * of several is closest to what the code itself takes.
   *
   * @throws Error when the benchmark has no such case.
   */
  of(subject: string, setting: string): number {
    const found = this.all.find((result) => result.subject === subject && result.setting === setting)
    if (found === undefined) throw new Error(`no case measures "${subject}" with "${setting}"`)
    return Math.min(...found.rounds)
  }

  /** How many times as long a subject takes as the fastest of its peers. */
  ratio(subject: string, peers: readonly string[], setting: string): number {
    return this.of(subject, setting) / Math.min(...peers.map((peer) => this.of(peer, setting)))
  }
}

export function atMost(limit: number, name: string, value: number, unit: string): Goal {
  return { name, value, limit, unit, met: value <= limit }
}
