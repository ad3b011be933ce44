import { type Random, random } from '@hookstep/trainer'

/** How the server misbehaves, to which requests, and for how long. */
export interface WandbFault {
  /** What the client sees: a status such as 503, a connection that is reset, or an answer that comes late. */
  readonly shows: number | 'reset' | 'slow'
  /**
   * Whether the request is done all the same. A client that saw a failure cannot know. Default `never`, and `at once`
   * for answers that come late; those may also be done `late`, when the answer goes out.
   */
  readonly applied?: 'never' | 'at once' | 'late'
  /** The header Retry-After, for a status. */
  readonly retryAfterSeconds?: number
  /** How late an answer comes. Milliseconds; default 60,000. */
  readonly delayMs?: number
  /** To which requests: `graphql`, `file_stream`, `storage` (uploads), or an operation such as `UpsertBucket`. Default: all. */
  readonly on?: string
  /** How many of those pass first. Default 0. */
  readonly skip?: number
  /** How many fail, at most. Default: all that come. */
  readonly times?: number
  /** The share of those after the ones that pass, from 0 to 1, drawn from the server's seed. Default 1. */
  readonly probability?: number
  /** How long, from now on. Milliseconds; default: until it is ended. */
  readonly forMs?: number
}

/** The faults that are on, in the order they were asked for. */
export class Faults {
  private readonly current = new Set<Ongoing>()
  private readonly draw: Random

  constructor(seed: number) {
    this.draw = random(seed, 'wandb-server')
  }

  /** @returns what ends it. */
  add(fault: WandbFault): () => void {
    const ongoing = { fault, since: Date.now(), seen: 0, hit: 0 }
    this.current.add(ongoing)
    return () => void this.current.delete(ongoing)
  }

  clear(): void {
    this.current.clear()
  }

  /** What befalls a request of this kind, if anything: the first fault that it meets. */
  meet(kinds: readonly string[]): WandbFault | undefined {
    for (const ongoing of this.current) {
      if (this.befalls(ongoing, kinds)) return ongoing.fault
    }
    return undefined
  }

  private befalls(ongoing: Ongoing, kinds: readonly string[]): boolean {
    const { on, skip = 0, times = Number.POSITIVE_INFINITY, probability = 1, forMs } = ongoing.fault
    if (on !== undefined && !kinds.includes(on)) return false
    if (forMs !== undefined && Date.now() - ongoing.since > forMs) return false
    if (++ongoing.seen <= skip || ongoing.hit >= times) return false
    if (probability < 1 && this.draw.next() >= probability) return false
    ongoing.hit++
    return true
  }
}

interface Ongoing {
  readonly fault: WandbFault
  readonly since: number
  /** Requests that it is for. */
  seen: number
  /** Those that it befell. */
  hit: number
}
