/**
 * The records of a `.wandb` file that Hookstep writes and reads. Each is a message `wandb_internal.Record` of
 * https://github.com/wandb/wandb/blob/main/wandb/proto/wandb_internal.proto; field numbers are in `encode.ts`.
 */
export type LogRecord =
  | HeaderRecord
  | RunRecord
  | ConfigRecord
  | MetricRecord
  | HistoryRecord
  | SummaryRecord
  | StatsRecord
  | OutputRecord
  | FilesRecord
  | ExitRecord

/** The first of each file. */
export interface HeaderRecord {
  readonly type: 'header'
  /** Version of the client that the file could be of. */
  readonly producer: string
  /** The oldest client that can read it. */
  readonly minConsumer: string
}

/** Who the run is: exactly one in a file. */
export interface RunRecord {
  readonly type: 'run'
  readonly id: string
  readonly project: string
  readonly entity?: string | undefined
  readonly group?: string | undefined
  readonly jobType?: string | undefined
  readonly name?: string | undefined
  readonly notes?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly host?: string | undefined
  /** Number of the first row of this file; 0 but where a run goes on whose earlier file is not there. */
  readonly startingStep?: number | undefined
  /** Seconds since 1970. */
  readonly startTime: number
  readonly config: readonly Item[]
}

/** A value by its key. */
export interface Item {
  /** One name, or the names from the outermost on. A name may contain dots and slashes. */
  readonly key: string | readonly string[]
  /** The value as JSON; numbers may also be `NaN`, `Infinity` and `-Infinity`. */
  readonly json: string
}

/** Changes of the configuration. */
export interface ConfigRecord {
  readonly type: 'config'
  readonly update: readonly Item[]
}

/** How a metric is to be drawn: its horizontal axis, and what of it the summary has. */
export interface MetricRecord {
  readonly type: 'metric'
  /** Of the metric; or, with `*` at its end, of many. */
  readonly name: string
  /** The metric of the horizontal axis. */
  readonly stepMetric?: string | undefined
  readonly hidden?: boolean | undefined
  readonly summary?: readonly ('min' | 'max' | 'last' | 'none')[] | undefined
}

/** A row. */
export interface HistoryRecord {
  readonly type: 'history'
  /** The number of the row, counted from 0: its line in the history on the server. */
  readonly step: number
  readonly items: readonly Item[]
}

/** Changes of the summary. */
export interface SummaryRecord {
  readonly type: 'summary'
  readonly update: readonly Item[]
}

/** What was measured of the machine. */
export interface StatsRecord {
  readonly type: 'stats'
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly items: readonly Item[]
}

/** A line that the program has written, with its line break. */
export interface OutputRecord {
  readonly type: 'output'
  readonly stream: 'stdout' | 'stderr'
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly line: string
}

/** Files that are there to be uploaded. */
export interface FilesRecord {
  readonly type: 'files'
  readonly files: readonly FileEntry[]
}

export interface FileEntry {
  /** From the folder `files` on, with slashes. */
  readonly path: string
  /** Whether it is done already, or may change until the run ends. */
  readonly policy: 'now' | 'end'
  readonly kind: 'other' | 'wandb' | 'media'
}

/** The run is over. The last record, where there is one. */
export interface ExitRecord {
  readonly type: 'exit'
  readonly exitCode: number
  /** Seconds. */
  readonly runtime: number
}
