import type { Trigger } from '@hookstep/catalogue'
import type { CheckpointStore } from './store.ts'

/** When to save, what to keep, and what to go on from. */
export interface CheckpointOptions {
  readonly store: CheckpointStore
  /** When a checkpoint is saved, besides on request and on failure. Default `every('1 epoch', { last: true })`. */
  readonly when?: Trigger
  /** What retention leaves. Default `{ last: 3 }`. */
  readonly keep?: Keep
  /**
   * What a run goes on from. `auto`: the newest valid checkpoint; where there is none at all, it begins afresh; where
   * none is valid, that is an error. `newest`: likewise, and none is an error. `never`: it begins afresh; what is
   * there counts as older than what it saves, and goes as `keep` says. Else a
   * checkpoint's name, from which each start of the program goes on: it stays. Default `auto`.
   */
  readonly resume?: 'auto' | 'newest' | 'never' | (string & {})
  /** Whether a run that fails is saved as far as it had come. With several ranks it never is. Default true. */
  readonly onFailure?: boolean
  /**
   * The hook's name: two checkpoint hooks in one run need two. The run goes on from the one of the later step. Default
   * `checkpoint`.
   */
  readonly name?: string
}

/** What retention leaves: the union of what these name. The newest valid checkpoint always stays. */
export interface Keep {
  /** The newest so many. Default 3; with several ranks at least 3. */
  readonly last?: number
  /** Those of which a metric of the last evaluation was best; of those with one value the first, which was evaluated. */
  readonly best?: {
    readonly metric: string
    readonly mode: 'min' | 'max'
    /** How many values of it. Default 1. */
    readonly count?: number
  }
  /** Saved when this is due, too, and there for good: `every('10000 steps')`. */
  readonly pinned?: Trigger
}
