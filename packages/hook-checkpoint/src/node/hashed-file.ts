import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { FileEntry } from '../store.ts'

/**
 * A new file that is hashed while it is written, and which the disk is set to work on before all is written.
 *
 * A worker thread is given the text of this class: it must not use anything from outside of itself.
 */
export class HashedFile {
  static readonly pieceBytes: number = 4 * 2 ** 20
  static readonly flushBytes: number = 32 * 2 ** 20

  /** Writes a file, the parts one behind the other, and makes it durable. @throws Error when there is one already. */
  static async write(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    const { open } = process.getBuiltinModule('node:fs/promises')
    const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
    const handle = await open(path, 'wx')
    const file = new HashedFile(handle, hash)
    try {
      for (const piece of HashedFile.pieces(parts)) await file.append(piece)
      return await file.end()
    } finally {
      await file.flushing
      await handle.close()
    }
  }

  /** Large parts are cut, small ones gathered; a piece is done with when the next is asked for. */
  private static *pieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
    const gathered = new Uint8Array(HashedFile.pieceBytes / 4)
    let filled = 0
    for (const part of parts) {
      if (filled + part.length > gathered.length) {
        yield gathered.subarray(0, filled)
        filled = 0
      }
      if (part.length > gathered.length) yield* HashedFile.cut(part)
      else {
        gathered.set(part, filled)
        filled += part.length
      }
    }
    yield gathered.subarray(0, filled)
  }

  private static *cut(part: Uint8Array): Generator<Uint8Array> {
    const { pieceBytes } = HashedFile
    for (let at = 0; at < part.length; at += pieceBytes) yield part.subarray(at, at + pieceBytes)
  }

  private readonly handle: FileHandle
  private readonly hash: Hash
  private bytes = 0
  private flushed = 0
  /** Settles, and never rejects, when the disk has what is being flushed. */
  private flushing: Promise<void> | undefined
  private failures: unknown[] = []

  private constructor(handle: FileHandle, hash: Hash) {
    this.handle = handle
    this.hash = hash
  }

  private async append(piece: Uint8Array): Promise<void> {
    const written = this.write(piece)
    this.hash.update(piece)
    await written
    this.bytes += piece.length
    if (this.bytes - this.flushed >= HashedFile.flushBytes) this.flush()
  }

  private async write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) at += (await this.handle.write(piece, at)).bytesWritten
  }

  /** Beside what follows; one at a time. */
  private flush(): void {
    if (this.flushing !== undefined) return
    this.flushed = this.bytes
    const flushed = this.handle.datasync().catch((error: unknown) => this.failures.push(error))
    this.flushing = flushed.then(() => {
      this.flushing = undefined
    })
  }

  private async end(): Promise<FileEntry> {
    await this.flushing
    // A disk reports an error once, to whoever syncs first.
    if (this.failures.length > 0) throw this.failures[0]
    await this.handle.sync()
    return { bytes: this.bytes, sha256: this.hash.digest('hex') }
  }
}
