/** What the server of the live page tells the page, as JSON, in server-sent events. */
import type { Json } from '@hookstep/catalogue'
import type { KeptMedia } from '../rows.ts'

/** What has become new since the last message. */
export interface Update {
  /** The first on a connection: what was told before no longer holds. */
  readonly reset?: true
  readonly runs: readonly RunUpdate[]
}

export interface RunUpdate {
  readonly id: string
  /** What was told of this run before no longer holds. */
  readonly restart?: true
  readonly about?: About
  readonly status?: Status
  readonly series?: readonly SeriesUpdate[]
  readonly media?: readonly MediaItem[]
  /** The media are all there are, and not additions. */
  readonly mediaAreWhole?: true
}

/** What does not change while a run goes on. */
export interface About {
  readonly name: string
  /** The journal that it is read from; none where the run is followed as it happens. */
  readonly file?: string | undefined
  /** When it began, ISO 8601; of a run that was resumed, the last time. */
  readonly date?: string | undefined
  readonly versions?: Readonly<Record<string, string>> | undefined
  readonly worldSize?: number | undefined
  readonly configuration?: Json | undefined
}

/** `silent`: its journal has no end, and nothing was written of late. */
export type State = 'waiting' | 'running' | 'silent' | 'finished' | 'stopped' | 'failed'

/** Where a run stands. */
export interface Status {
  readonly state: State
  /** Why it ended, or what is wrong with its journal. */
  readonly reason?: string | undefined
  readonly step: number
  readonly totalSteps?: number | undefined
  readonly epoch: number
  readonly samples: number
  readonly seconds: number
  readonly secondsLeft?: number | undefined
}

/** Whose numbers: of training, of evaluations, or what a hook says that it measures. */
export type Source = 'train' | 'evaluation' | (string & {})

export interface SeriesUpdate {
  readonly source: Source
  readonly name: string
  /** What follows is all there is, and not an addition. */
  readonly whole?: true
  readonly steps: readonly number[]
  readonly seconds: readonly number[]
  /** `null` where there was no finite number. */
  readonly values: readonly (number | null)[]
  /** Of a long series, where a point stands for several values: their mean, and how many they are. */
  readonly means: readonly (number | null)[]
  readonly counts: readonly number[]
}

/** Something to look at. */
export interface MediaItem {
  /** Counted from 1 in each run. */
  readonly number: number
  readonly name: string
  readonly step: number
  readonly media: KeptMedia
}
