import type { LogFile } from './log/log-file.ts'
import type { ConfigRecord, LogRecord, RunRecord } from './log/records.ts'
import type { LogPosition, OpenedLog } from './opened-log.ts'
import { Repeats } from './repeats.ts'
import { item, type Row, stepKey } from './row.ts'
import { type Best, Summary } from './summary.ts'

/** What a log holds so far. */
export type WrittenLog = Pick<OpenedLog, 'rows' | 'metrics' | 'repeats' | 'from'>

export interface RunLogOptions {
  /** The metrics whose best value is to be kept. */
  readonly kinds: Readonly<Record<string, 'min' | 'max'>>
  readonly best: Best
  /** A row stands in the log with other values already. */
  readonly onOtherRow: (step: number) => void
}

/** The transaction log of a run that is followed: what is told becomes records. */
export class RunLog {
  readonly file: LogFile
  readonly summary: Summary
  /** Records for which there was no room in memory while the disk was full. */
  dropped = 0
  private readonly kinds: RunLogOptions['kinds']
  private readonly metrics: Set<string>
  private readonly repeats: Repeats
  private rows: number
  private readonly from: LogPosition
  private furthest = -1
  private readonly onOtherRow: (step: number) => void

  constructor(
    { file, rows, metrics, repeats, from }: WrittenLog & { readonly file: LogFile },
    { kinds, best, onOtherRow }: RunLogOptions,
  ) {
    this.file = file
    this.summary = new Summary(kinds, best)
    this.kinds = kinds
    this.metrics = new Set(metrics)
    this.repeats = repeats
    this.rows = rows
    this.from = from
    this.onOtherRow = onOtherRow
  }

  /**
   * What a checkpoint keeps. Rows that the log has already, and that are still to come, lie behind it for the next resume
   * as well.
   */
  get position(): LogPosition & { best: Best } {
    const now = { ...this.file.end, rows: this.rows, metrics: [...this.metrics] }
    return { ...(this.repeats.isEmpty ? now : this.from), best: this.summary.best }
  }

  add(record: LogRecord): boolean {
    const isAccepted = this.file.append(record)
    if (!isAccepted) this.dropped++
    return isAccepted
  }

  /**
   * @param seconds since training began.
   * @returns whether the row is new: one that the log has from before a resume is left as it is.
   */
  addRow(row: Row, seconds: number): boolean {
    const all = [...row.items, item(stepKey, row.step)]
    this.summary.take(row.items)
    this.reach(row.step)
    const known = this.repeats.take(row)
    if (known === 'there') return false
    if (known === 'other') this.onOtherRow(row.step)
    for (const { key } of all) this.define(String(key))
    const clock = [item('_step', this.rows), item('_timestamp', Date.now() / 1000), item('_runtime', seconds)]
    const isAccepted = this.add({ type: 'history', step: this.rows, items: [...all, ...clock] })
    if (isAccepted) this.rows++
    return isAccepted
  }

  /** A media may come after the numbers of a later step. */
  private reach(step: number): void {
    if (step <= this.furthest) return
    this.furthest = step
    this.summary.set(item(stepKey, step))
  }

  /** Writes what has changed of the summary. */
  addSummary(): void {
    const changes = this.summary.changes()
    if (changes !== undefined) this.add(changes)
  }

  /** The official client resolves wildcards itself, while it logs: a log has each metric by its name. */
  private define(name: string): void {
    if (this.metrics.has(name)) return
    this.metrics.add(name)
    if (name === stepKey) return void this.add({ type: 'metric', name })
    this.define(stepKey)
    const kind = Object.hasOwn(this.kinds, name) ? this.kinds[name] : undefined
    this.add({ type: 'metric', name, stepMetric: stepKey, ...(kind && { summary: [kind, 'last'] }) })
  }
}

/** What begins a log, and has no rows yet. @param rows the number of its first one. */
export function emptyLog(rows: number): WrittenLog {
  const from = { bytes: 0, records: 0, rows, metrics: [] }
  return { rows, metrics: [], repeats: new Repeats(), from }
}

/** What differs in the configuration from the one that a log began with. */
export function changesOf(
  { config: before }: Pick<RunRecord, 'config'>,
  { config }: Pick<RunRecord, 'config'>,
): ConfigRecord | undefined {
  const known = new Map(before.map(({ key, json }) => [String(key), json]))
  const update = config.filter(({ key, json }) => known.get(String(key)) !== json)
  return update.length === 0 ? undefined : { type: 'config', update }
}
