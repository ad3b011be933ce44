import { createHash } from 'node:crypto'
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkName } from '../names.ts'
import { checkLength } from '../parts.ts'
import type { CheckpointReader, FileEntry } from '../store.ts'
import { explaining } from './file-errors.ts'

/** Opens a checkpoint in a store's folder. @throws Error when there is none of that name. */
export async function openFolder(location: string, name: string): Promise<CheckpointReader> {
  checkName(name)
  const path = join(location, name)
  const reading = <Result>(action: () => Promise<Result>): Promise<Result> =>
    explaining(location, `${name} cannot be read`, action)
  const sizes = await reading(() => sizesOf(path))
  return {
    files: async () => sizes,
    async read(file, into) {
      checkName(file)
      return reading(() => readFile(join(path, file), into))
    },
    close: async () => {},
  }
}

/** Of the files in a folder. What systems put there, such as `.DS_Store`, is passed over. */
async function sizesOf(path: string): Promise<Record<string, number>> {
  const names = (await readdir(path)).filter((name) => !name.startsWith('.'))
  const sizes = names.map(async (name): Promise<[string, number]> => [name, await sizeOf(join(path, name))])
  return Object.fromEntries(await Promise.all(sizes))
}

/** @throws Error where it is a link, a folder or a device: nothing outside of the checkpoint is ever read. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path)
  if (!found.isFile()) throw new Error(`${path} is not a plain file`)
  return found.size
}

async function readFile(path: string, into: readonly Uint8Array[]): Promise<FileEntry> {
  checkLength(path, await sizeOf(path), into)
  const file = await open(path, 'r')
  try {
    return await readHashed(file, path, into)
  } finally {
    await file.close()
  }
}

/** While a piece is read, the one before it is hashed. */
async function readHashed(file: FileHandle, path: string, into: readonly Uint8Array[]): Promise<FileEntry> {
  const hash = createHash('sha256')
  let bytes = 0
  let before = new Uint8Array(0)
  for (const piece of piecesOf(into)) {
    const filled = fill(file, path, piece)
    hash.update(before)
    await filled
    bytes += piece.length
    before = piece
  }
  return { bytes, sha256: hash.update(before).digest('hex') }
}

const pieceBytes = 8 * 2 ** 20

function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      yield part.subarray(at, at + pieceBytes) as Uint8Array<ArrayBuffer>
    }
  }
}

async function fill(file: FileHandle, path: string, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    const { bytesRead } = await file.read(piece, at)
    if (bytesRead === 0) throw new Error(`${path} was cut short while it was read`)
    at += bytesRead
  }
}
