import { type FileHandle, open, truncate } from 'node:fs/promises'
import { basename } from 'node:path'

/** Milliseconds that a piece waits at most before its writing begins. */
const flushMs = 1000

/**
 * A file that grows by whole pieces: lines, or records. They are gathered and written in the background, in
 * order; what goes wrong there is thrown by the next call.
 */
export class GrowingFile {
  readonly path: string
  private readonly handle: FileHandle
  private length: number
  private pending: Uint8Array[] = []
  private timer: NodeJS.Timeout | undefined
  /** Settles when all that was flushed is written; never rejects. */
  private written: Promise<void> = Promise.resolve()
  private failure: Error | undefined
  private failureIsKnown = false

  private constructor(path: string, handle: FileHandle, length: number) {
    this.path = path
    this.handle = handle
    this.length = length
  }

  /** Creates a file that is not there yet; the error's code is `EEXIST` where it is. */
  static async create(path: string): Promise<GrowingFile> {
    return new GrowingFile(path, await open(path, 'ax'), 0)
  }

  /** Opens a file to go on after its first `bytes` bytes. */
  static async goOn(path: string, bytes: number): Promise<GrowingFile> {
    await truncate(path, bytes)
    return new GrowingFile(path, await open(path, 'a'), bytes)
  }

  /** Without its folder. */
  get name(): string {
    return basename(this.path)
  }

  /** Length of the file in bytes once all that was appended is written. */
  get bytes(): number {
    return this.length
  }

  /** Whether a write has failed. */
  get failed(): boolean {
    return this.failure !== undefined
  }

  /** Adds a piece: text is written as UTF-8. Its writing begins within a second. */
  append(piece: string | Uint8Array): void {
    this.check()
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    this.pending.push(bytes)
    this.length += bytes.length
    this.timer ??= setTimeout(() => this.flush(), flushMs)
  }

  /** Begins to write what is pending. */
  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.written = this.written.then(() => this.write())
  }

  /** Waits until everything is on the disk: it survives a power failure from then on. */
  async sync(): Promise<void> {
    this.flush()
    await this.written
    this.check()
    await this.handle.sync()
  }

  /** Writes what is pending and lets go of the file. */
  async close(): Promise<void> {
    this.flush()
    await this.written
    await this.handle.close()
    if (!this.failureIsKnown) this.check()
  }

  private async write(): Promise<void> {
    const pieces = this.pending
    this.pending = []
    if (pieces.length === 0 || this.failed) return
    try {
      await this.handle.appendFile(Buffer.concat(pieces))
    } catch (cause) {
      this.failure = new Error(`${this.path} cannot be written: ${(cause as Error).message}`, { cause })
    }
  }

  private check(): void {
    if (this.failure === undefined) return
    this.failureIsKnown = true
    throw this.failure
  }
}
