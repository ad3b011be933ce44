import { readLog } from '../log/read-log.ts'
import type { LogRecord } from '../log/records.ts'
import type { RunFolder } from '../run-folder.ts'
import type { Described } from './described.ts'
import { type Chunk, type StreamKind, streamKinds } from './file-stream.ts'
import { bytesOf, eventLine, fits, historyLine, outputLine, placeholder } from './lines.ts'
import { requestBytes } from './pacing.ts'

/** So many lines of each kind. */
export type Counts = Readonly<Record<StreamKind, number>>

/** A file that waits to be put, and the byte of the log behind the record that names it. */
export interface PendingFile {
  readonly path: string
  readonly end: number
}

/** What a log holds and the server lacks, read in portions that fit into a request. */
export class Pending {
  private readonly folder: RunFolder
  private readonly log: string
  private readonly described: Described
  private readonly warn: (message: string) => void
  /** Lines of each kind before this one are on the server. */
  private from: Counts
  /** The number of the next line of each kind that is read. */
  private next = zero()
  private lines: Record<StreamKind, string[]> = { history: [], events: [], log: [] }
  /** Bytes of these lines. */
  private bytes = 0
  /** The byte up to which the log was read. */
  private position = 0
  /** Files that are done, and wait to be put. */
  files: PendingFile[] = []
  /** Files that may change until the run ends. */
  readonly lateFiles: Set<string> = new Set()
  /** Of the exit record, once that was read. */
  exitCode: number | undefined

  /** @param from how many lines of the log the server has. */
  constructor(
    { folder, log, warn }: { folder: RunFolder; log: string; warn(message: string): void },
    described: Described,
    from: Counts,
  ) {
    this.folder = folder
    this.log = log
    this.warn = warn
    this.described = described
    this.from = from
  }

  /**
   * Reads on until enough waits to be sent.
   *
   * @param end reads no record that lies behind this byte.
   * @returns whether all that is there was read.
   */
  async read(end: number, batchBytes: number): Promise<boolean> {
    if (this.bytes >= batchBytes) return false
    for await (const found of readLog(this.folder, this.log, this.position)) {
      if (found.end > end) return true
      if (!this.take(found.record, found.end)) return false
      this.position = found.end
      if (this.bytes >= batchBytes) return false
    }
    return true
  }

  /** Lines that wait, as they are sent. @param base lines that the server had before the log was begun. */
  chunks(base: Counts): Partial<Record<StreamKind, Chunk>> {
    const waiting = streamKinds.filter((kind) => this.lines[kind].length > 0)
    return Object.fromEntries(
      waiting.map((kind) => {
        const offset = base[kind] + this.next[kind] - this.lines[kind].length
        return [kind, { offset, content: this.lines[kind] }]
      }),
    )
  }

  /** One more than the number of the last row that was read. */
  get rowsRead(): number {
    return this.next.history
  }

  get isEmpty(): boolean {
    return this.bytes === 0
  }

  /** The server has all lines that waited. */
  allArrived(): void {
    this.lines = { history: [], events: [], log: [] }
    this.bytes = 0
  }

  /** The server has that many lines of the log: fewer than were sent, or more than is known. */
  arrived(counts: Counts): void {
    const behind = streamKinds.some((kind) => counts[kind] < this.next[kind] - this.lines[kind].length)
    this.from = counts
    if (behind) {
      this.rewind()
      return
    }
    for (const kind of streamKinds) {
      const first = this.next[kind] - this.lines[kind].length
      this.lines[kind].splice(0, counts[kind] - first)
    }
    this.bytes = Object.values(this.lines)
      .flat()
      .reduce((bytes, line) => bytes + bytesOf(line), 0)
  }

  private rewind(): void {
    this.position = 0
    this.next = zero()
    this.files = []
    this.allArrived()
  }

  /** @returns false where a line must wait for the next request. */
  private take(record: LogRecord | undefined, end: number): boolean {
    switch (record?.type) {
      case 'history':
        this.next.history = record.step
        return this.add('history', () => this.row(record))
      case 'stats':
        return this.add('events', () => eventLine(record, this.described.startTime))
      case 'output':
        return this.add('log', () => outputLine(record))
      case 'files':
        for (const { path, policy } of record.files) {
          if (policy === 'now') this.files.push({ path, end })
          else this.lateFiles.add(path)
        }
        return true
      case 'exit':
        this.exitCode = record.exitCode
        return true
      case 'run':
      case 'config':
      case 'metric':
      case 'summary':
        this.described.take(record)
        return true
      default:
        return true
    }
  }

  private row(record: Extract<LogRecord, { type: 'history' }>): string {
    const line = historyLine(record)
    if (fits(line)) return line
    this.warn(`row ${record.step} is larger than W&B takes, and is in ${this.folder.location} alone`)
    return placeholder(record)
  }

  private add(kind: StreamKind, lineOf: () => string): boolean {
    if (this.next[kind] >= this.from[kind]) {
      const line = lineOf()
      const bytes = bytesOf(line)
      if (this.bytes > 0 && this.bytes + bytes > requestBytes) return false
      this.lines[kind].push(line)
      this.bytes += bytes
    }
    this.next[kind]++
    return true
  }
}

function zero(): Record<StreamKind, number> {
  return { history: 0, events: 0, log: 0 }
}
