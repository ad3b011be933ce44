import type { LogEnd } from './log/log-file.ts'
import { type ReadRecord, readLog } from './log/read-log.ts'
import type { RunRecord } from './log/records.ts'
import { Repeats } from './repeats.ts'
import type { RunFolder } from './run-folder.ts'
import type { Best } from './summary.ts'

/** Where a run of W&B stood when a checkpoint was taken. */
export type SavedRun = LogPosition & {
  readonly id: string
  /** Of its log, from the hook's `dir` on. */
  readonly folder: string
  readonly best: Best
}

/** A place in a log, and what lies before it. */
export type LogPosition = {
  readonly bytes: number
  readonly records: number
  readonly rows: number
  /** The metrics that were defined by then. */
  readonly metrics: readonly string[]
}

/** A log that a run goes on in. */
export interface OpenedLog {
  readonly run: RunRecord
  readonly end: LogEnd
  /** The number of the next row. */
  readonly rows: number
  readonly metrics: readonly string[]
  /** What came after the checkpoint, and will come again. */
  readonly repeats: Repeats
  /** Where it was read from. */
  readonly from: LogPosition
}

/**
 * Reads the log that a run was in, as far as it is whole. An exit record at its end does not count: the run is not over.
 *
 * @returns `undefined` where it is not there, belongs to another run, or has lost some of what came before the
 *   checkpoint: the server may have been sent that, so that its rows cannot be numbered anew.
 */
export async function openLog(
  folder: RunFolder,
  path: string,
  saved: SavedRun,
): Promise<OpenedLog | undefined> {
  const size = await folder.size(path)
  if (size === undefined || size < saved.bytes) return undefined
  const run = await runOf(folder, path)
  if (run?.id !== saved.id) return undefined
  const found = new Found(saved)
  for await (const one of readLog(folder, path, saved.bytes)) found.take(one)
  return { run, ...found }
}

/** What is read of a log. */
class Found implements Omit<OpenedLog, 'run'> {
  end: LogEnd
  rows: number
  readonly metrics: string[]
  readonly repeats: Repeats = new Repeats()
  readonly from: LogPosition

  constructor({ bytes, records, rows, metrics }: LogPosition) {
    this.from = { bytes, records, rows, metrics }
    this.end = { bytes, records }
    this.rows = rows
    this.metrics = [...metrics]
  }

  take({ record, end }: ReadRecord): void {
    if (record?.type === 'exit') return
    this.end = { bytes: end, records: this.end.records + 1 }
    if (record?.type === 'metric') this.metrics.push(record.name)
    if (record?.type !== 'history') return
    this.rows = record.step + 1
    this.repeats.add(record)
  }
}

/** The run record of a log, which stands among the first; `undefined` where there is none, or no log. */
export async function runOf(folder: RunFolder, path: string): Promise<RunRecord | undefined> {
  try {
    for await (const { record } of readLog(folder, path)) {
      if (record?.type === 'run') return record
      if (record?.type === 'history') return undefined
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return undefined
}
