import type { FileEntry } from '../store.ts'

/**
 * Writes a new file, the parts one behind the other, and makes it durable. While the disk takes a piece, the piece is hashed.
 *
 * A worker thread is given the text of this function: it must not use anything from outside of itself.
 */
export async function writeHashed(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
  const pieceBytes = 8 * 2 ** 20
  const { open } = process.getBuiltinModule('node:fs/promises')
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
  const file = await open(path, 'wx')
  try {
    let bytes = 0
    for (const piece of pieces()) {
      const written = write(piece)
      hash.update(piece)
      await written
      bytes += piece.length
    }
    await file.sync()
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }

  async function write(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) at += (await file.write(piece, at)).bytesWritten
  }

  /** Large parts are cut, small ones gathered; a piece is done with when the next is asked for. */
  function* pieces(): Generator<Uint8Array> {
    const gathered = new Uint8Array(pieceBytes / 8)
    let filled = 0
    for (const part of parts) {
      if (filled + part.length > gathered.length) {
        yield gathered.subarray(0, filled)
        filled = 0
      }
      if (part.length <= gathered.length) {
        gathered.set(part, filled)
        filled += part.length
      } else for (let at = 0; at < part.length; at += pieceBytes) yield part.subarray(at, at + pieceBytes)
    }
    yield gathered.subarray(0, filled)
  }
}
