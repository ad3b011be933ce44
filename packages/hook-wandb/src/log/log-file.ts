import { bytesFrom } from '../bytes.ts'
import type { AppendedFile, RunFolder } from '../run-folder.ts'
import { encodeRecord } from './encode.ts'
import { fileHeader, frame } from './frames.ts'
import type { LogRecord } from './records.ts'
import { MessageWriter } from './wire.ts'

/** What waits in memory at most, while the disk is slow or full: some 50,000 rows. */
const roomBytes = 16 * 1024 * 1024
/** How soon a write that has failed is tried again. */
const retryMs = 1000

/** Where a log ends. */
export interface LogEnd {
  readonly bytes: number
  readonly records: number
}

/** What happens to a log in the background. */
export interface LogWatcher {
  /** The file holds whole records up to this byte. */
  written(bytes: number): void
  /** The file cannot be written: told once. What comes waits in memory, and is written when there is room. */
  failed(error: unknown): void
}

/**
 * A transaction log that is written: in the background, in order, by whole records. Nothing that goes wrong with the
 * file is thrown: it is tried again whenever something is added, as often as once a second, and by {@link flush}.
 */
export class LogFile {
  readonly path: string
  private readonly folder: RunFolder
  private readonly watcher: LogWatcher
  private readonly writer = new MessageWriter()
  private waiting: Uint8Array[] = []
  /** Bytes of what waits, and of what is being written. */
  private waitingBytes = 0
  private file: AppendedFile | undefined
  private writtenBytes: number
  private acceptedRecords: number
  private isWriting = false
  private writing: Promise<void> = Promise.resolve()
  private triedAt = -Infinity
  private hasTold = false
  private failure: unknown

  private constructor(folder: RunFolder, path: string, end: LogEnd, watcher: LogWatcher) {
    this.folder = folder
    this.path = path
    this.watcher = watcher
    this.writtenBytes = end.bytes
    this.acceptedRecords = end.records
  }

  /** Begins a log, in place of a file that is there. */
  static begin(folder: RunFolder, path: string, watcher: LogWatcher): LogFile {
    const log = new LogFile(folder, path, { bytes: 0, records: 0 }, watcher)
    log.add(fileHeader)
    return log
  }

  /** Goes on behind the records of a log; what comes after them is cut off. */
  static goOn(folder: RunFolder, path: string, end: LogEnd, watcher: LogWatcher): LogFile {
    return new LogFile(folder, path, end, watcher)
  }

  /** Where the log ends once all that was accepted is written. */
  get end(): LogEnd {
    return { bytes: this.writtenBytes + this.waitingBytes, records: this.acceptedRecords }
  }

  /** Bytes of whole records that the file holds. */
  get written(): number {
    return this.writtenBytes
  }

  /** Why the last attempt to write failed; `undefined` while all is well. */
  get error(): unknown {
    return this.failure
  }

  /**
   * The folder, with the log in it as it will be once there is room on the disk for what waits: so that it can be sent
   * before, and where there never is.
   */
  get readable(): RunFolder {
    const { folder, path } = this
    return {
      location: folder.location,
      size: (of) => folder.size(of),
      read: (of, position, length) =>
        of === path ? this.read(position, length) : folder.read(of, position, length),
      write: (to, bytes) => folder.write(to, bytes),
      append: (to, bytes) => folder.append(to, bytes),
    }
  }

  /** Bytes up to which {@link readable} has whole records. */
  get readableBytes(): number {
    return this.failure === undefined ? this.writtenBytes : this.end.bytes
  }

  /**
   * Adds a record. Its writing begins at once; where one is under way, behind it, with what comes meanwhile.
   *
   * @returns whether there was room for it in memory. What is refused leaves no trace.
   */
  append(record: LogRecord): boolean {
    if (this.waitingBytes > roomBytes) {
      this.tryAgain()
      return false
    }
    const message = encodeRecord(record, this.acceptedRecords + 1, this.writer)
    this.acceptedRecords++
    this.add(frame(message, this.end.bytes))
    return true
  }

  /** Settles when all that was accepted is written, or could not be. */
  async flush(): Promise<void> {
    this.file?.hurry()
    await this.writing
    await this.drain()
  }

  /** The same, and what was written survives a power failure. */
  async sync(): Promise<void> {
    await this.flush()
    await this.file?.sync().catch((error: unknown) => this.fail(error))
  }

  /** Writes what waits, and lets go of the file. @returns how many bytes were lost: 0 but on a full disk. */
  async close(): Promise<number> {
    await this.sync()
    await this.file?.close().catch(() => {})
    this.file = undefined
    return this.waitingBytes
  }

  private async read(position: number, length: number): Promise<Uint8Array> {
    const inFile = this.writtenBytes
    const part = Math.min(length, inFile - position)
    const written = part > 0 ? await this.folder.read(this.path, position, part) : new Uint8Array(0)
    // What was written meanwhile is read next time.
    if (written.length === length || this.failure === undefined || this.writtenBytes !== inFile)
      return written
    const from = position + written.length - inFile
    const waiting = bytesFrom(this.waiting).subarray(from, from + length - written.length)
    return bytesFrom([written, waiting])
  }

  private add(bytes: Uint8Array): void {
    this.waiting.push(bytes)
    this.waitingBytes += bytes.length
    this.tryAgain()
  }

  private tryAgain(): void {
    if (this.failure === undefined || performance.now() - this.triedAt >= retryMs) void this.drain()
  }

  /** One at a time. */
  private drain(): Promise<void> {
    if (!this.isWriting) this.writing = this.writeAll()
    return this.writing
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true
    this.triedAt = performance.now()
    while (this.waiting.length > 0 && (await this.writeBatch())) {}
    this.isWriting = false
  }

  /** @returns whether it is in the file. */
  private async writeBatch(): Promise<boolean> {
    const batch = bytesFrom(this.waiting)
    this.waiting = []
    try {
      this.file ??= await this.folder.append(this.path, this.writtenBytes)
      await this.file.write(batch)
    } catch (error) {
      this.waiting.unshift(batch)
      await this.fail(error)
      return false
    }
    this.failure = undefined
    this.writtenBytes += batch.length
    this.waitingBytes -= batch.length
    this.watcher.written(this.writtenBytes)
    return true
  }

  private async fail(error: unknown): Promise<void> {
    this.failure = error
    // It is opened anew: what a write that failed has left behind the last whole record is cut off then.
    await this.file?.close().catch(() => {})
    this.file = undefined
    if (this.hasTold) return
    this.hasTold = true
    this.watcher.failed(error)
  }
}
