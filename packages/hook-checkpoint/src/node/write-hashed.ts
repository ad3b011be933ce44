import type { FileEntry } from '../store.ts'

/**
 * Writes a new file, the parts one behind the other, and makes it durable. While a piece is written it is hashed; the disk
 * is set to work meanwhile on what was written before.
 *
 * A worker thread is given the text of this function: it must not use anything from outside of itself, nor have functions
 * with names in it, to which some bundlers add something.
 *
 * @throws Error when there is such a file already, or the disk cannot take it.
 */
export async function writeHashed(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
  const pieceBytes = 4 * 2 ** 20
  const flushBytes = 16 * 2 ** 20
  const { open } = process.getBuiltinModule('node:fs/promises')
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256')
  const file = await open(path, 'wx')
  let bytes = 0
  let dirty = 0
  let flushing = Promise.resolve()
  try {
    for (const part of parts) {
      for (let at = 0; at < part.length; at += pieceBytes) {
        const piece = part.subarray(at, at + pieceBytes)
        const written = file.write(piece)
        hash.update(piece)
        let length = (await written).bytesWritten
        while (length < piece.length) length += (await file.write(piece, length)).bytesWritten
        bytes += length
        dirty += length
        if (dirty < flushBytes) continue
        // A disk reports an error to the first who syncs only, so each is waited for.
        await flushing
        flushing = file.datasync()
        flushing.catch(() => {})
        dirty = 0
      }
    }
    await flushing
    await file.sync()
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await flushing.catch(() => {})
    await file.close()
  }
}
