import { type FileHandle, open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { parseRow } from '../journal-format.ts'
import type { Board } from './board.ts'
import { RunRecord } from './run-record.ts'
import { secondsLeft } from './seconds-left.ts'

/** Bytes that are read at once. */
const pieceBytes = 1024 * 1024
/** Bytes that tell whether a file is what it was: some of a row, which says when it was written. */
const tailBytes = 256
/** Seconds without a row after which a run that has not ended counts as silent. */
const silentAfter = 60

/** A journal on disk as a run of a board, also while it grows. */
export class FollowedJournal {
  private readonly file: string
  private readonly name: string
  private readonly board: Board
  private record: RunRecord
  /** Which file it is that is read, and how far. */
  private inode = 0
  private offset = 0
  /** The last bytes that were read. */
  private tail: Buffer = Buffer.alloc(0)
  private lines = 0
  /** The beginning of a line that is not whole yet. */
  private rest = ''
  private decoder = new StringDecoder('utf8')

  constructor(file: string, name: string, board: Board) {
    this.file = file
    this.name = name
    this.board = board
    this.record = this.begin()
  }

  /**
   * Reads what has been added. A file that is not what it was is read anew: a run that goes on takes back what came
   * after its checkpoint.
   *
   * @throws Error when it cannot be read, or a line is no row of a journal.
   */
  async read(): Promise<void> {
    const handle = await open(this.file)
    try {
      const { ino, mtimeMs } = await handle.stat()
      if (ino !== this.inode || !(await this.beginsAsBefore(handle))) this.record = this.begin()
      this.inode = ino
      while ((await this.readPiece(handle)) > 0);
      this.judge((Date.now() - mtimeMs) / 1000)
    } finally {
      await handle.close()
    }
  }

  /** Reads what has been added; where that is not possible, the page says why. */
  async readOrTell(): Promise<void> {
    try {
      await this.read()
    } catch (error) {
      this.record.update({ state: 'silent', reason: (error as Error).message, secondsLeft: undefined })
    }
  }

  private begin(): RunRecord {
    const { file, name } = this
    this.offset = this.lines = 0
    this.tail = Buffer.alloc(0)
    this.rest = ''
    this.decoder = new StringDecoder('utf8')
    const record = new RunRecord(file, { name, file })
    this.board.show(record)
    return record
  }

  private async beginsAsBefore(handle: FileHandle): Promise<boolean> {
    const { tail, offset } = this
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(tail.length),
      0,
      tail.length,
      offset - tail.length,
    )
    return buffer.subarray(0, bytesRead).equals(tail)
  }

  private async readPiece(handle: FileHandle): Promise<number> {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(pieceBytes), 0, pieceBytes, this.offset)
    if (bytesRead === 0) return 0
    this.offset += bytesRead
    this.tail = Buffer.from(buffer.subarray(Math.max(0, bytesRead - tailBytes), bytesRead))
    const lines = (this.rest + this.decoder.write(buffer.subarray(0, bytesRead))).split('\n')
    // What is behind the last line break may still grow.
    this.rest = lines.pop() as string
    for (const line of lines) this.take(line)
    return bytesRead
  }

  private take(line: string): void {
    this.lines++
    const row = parseRow(line)
    if (row === undefined) {
      throw new SyntaxError(`${this.file}: line ${this.lines} is no row of a journal: ${line.slice(0, 100)}`)
    }
    this.record.take(row)
  }

  /** Whether somebody still writes, and how long it will take. */
  private judge(secondsSinceWrite: number): void {
    const { state } = this.record.status
    if (state !== 'running' && state !== 'silent') return
    const isSilent = secondsSinceWrite > silentAfter
    this.record.update({
      state: isSilent ? 'silent' : 'running',
      secondsLeft: isSilent ? undefined : secondsLeft(this.record),
    })
  }
}
