import type {
  EvaluatedContext,
  FailedContext,
  FinishedContext,
  Json,
  LogContext,
  MeasuredContext,
  Media,
  Progress,
  StoppedContext,
  Values,
} from '@hookstep/catalogue'

/** What every row tells: where the run stood. */
export interface RowPosition {
  /** Updates of the parameters. */
  readonly step: number
  /** Passes over the training data, the current one in part where its length is known. */
  readonly epoch: number
  /** Training samples, of all ranks together. */
  readonly samples: number
  /** Seconds since training began, those before a resume included. */
  readonly seconds: number
}

/** A run begins, or goes on where `step` is not 0. */
export interface StartRow extends RowPosition {
  readonly type: 'start'
  /** Of the journal's format: 2 since rows may be `measured` and `media`. */
  readonly version: 1 | 2
  /** Random; the same in every file and after every resume of one run. */
  readonly run: string
  /** ISO 8601, in UTC. */
  readonly date: string
  /** Of what the run was made with, by name: `hookstep`, `node`. */
  readonly versions: Readonly<Record<string, string>>
  /** Processes that train together. */
  readonly worldSize: number
  /** Every option as it was resolved. */
  readonly configuration: Json
}

/** The numbers of a step, as `train.log` carries them. */
export interface LogRow extends RowPosition {
  readonly type: 'log'
  readonly values: Values
}

/** The numbers of an evaluation. */
export interface EvaluationRow extends RowPosition {
  readonly type: 'evaluation'
  readonly values: Values
}

/** Numbers that a hook has measured: `metrics.measured`. */
export interface MeasuredRow extends RowPosition {
  readonly type: 'measured'
  /** What they are about: `system`, `throughput`, `statistics`. */
  readonly source: string
  readonly values: Values
}

/** Something to look at: `metrics.media`. */
export interface MediaRow extends RowPosition {
  readonly type: 'media'
  /** One name over many steps is one series. */
  readonly name: string
  readonly media: KeptMedia
}

/** As media stand in a journal: an image as a PNG file in base64, everything else as it came. */
export type KeptMedia =
  | Exclude<Media, { kind: 'image' }>
  | { readonly kind: 'image'; readonly width: number; readonly height: number; readonly png: string }

/** All steps or epochs are done. */
export interface FinishedRow extends RowPosition {
  readonly type: 'finished'
}

/** The run ended early because somebody asked. */
export interface StoppedRow extends RowPosition {
  readonly type: 'stopped'
  readonly reason: string
  /** The hook that asked, or `signal`, or `user`. */
  readonly requestedBy: string
  /** Whether it ended at once rather than after what was due. */
  readonly aborted: boolean
}

/** The run failed. */
export interface FailedRow extends RowPosition {
  readonly type: 'failed'
  /** The error's message. */
  readonly error: string
  /** The event, or the part of the run, that failed. */
  readonly at: string
}

/** How a run ended. */
export type EndRow = FinishedRow | StoppedRow | FailedRow

/** One line of a journal. */
export type JournalRow = StartRow | LogRow | EvaluationRow | MeasuredRow | MediaRow | EndRow

export function logRow({ step, progress, values }: LogContext): LogRow {
  return { type: 'log', ...position(progress), step, values }
}

export function evaluationRow({ step, progress, values }: EvaluatedContext): EvaluationRow {
  return { type: 'evaluation', ...position(progress), step, values }
}

export function measuredRow({ step, progress, source, values }: MeasuredContext): MeasuredRow {
  return { type: 'measured', ...position(progress), step, source, values }
}

export function finishedRow({ progress }: FinishedContext): FinishedRow {
  return { type: 'finished', ...position(progress) }
}

export function stoppedRow({ progress, reason, requestedBy, aborted }: StoppedContext): StoppedRow {
  return { type: 'stopped', ...position(progress), reason, requestedBy, aborted }
}

export function failedRow({ progress, error, at }: FailedContext): FailedRow {
  return { type: 'failed', ...position(progress), error: messageOf(error), at }
}

export function position({ step, epochs, samples, seconds }: Progress): RowPosition {
  return { step, epoch: epochs, samples, seconds }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
