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

  /** How many times as much a subject takes as the best of its peers; less than `least` counts as that. */
  ratio(subject: string, peers: readonly string[], setting: string, least = 0): number {
    const [own, ...others] = [subject, ...peers].map((name) => Math.max(this.of(name, setting), least))
    return (own as number) / Math.min(...others)
  }
}

export function atMost(limit: number, name: string, value: number, unit: string): Goal {
  return { name, value, limit, unit, met: value <= limit }
}
