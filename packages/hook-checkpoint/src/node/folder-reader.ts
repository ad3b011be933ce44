import { createHash } from 'node:crypto'
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ahead } from '../ahead.ts'
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

/** While some pieces are read, the one before them is hashed: so none of the three waits, disk, memory or processor. */
async function readHashed(file: FileHandle, path: string, into: readonly Uint8Array[]): Promise<FileEntry> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of ahead(reads(file, path, into), piecesAtOnce)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

const pieceBytes = 4 * 2 ** 20
const piecesAtOnce = 4

function* reads(
  file: FileHandle,
  path: string,
  into: readonly Uint8Array[],
): Generator<() => Promise<Uint8Array>> {
  let position = 0
  for (const part of into) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      const piece = part.subarray(at, at + pieceBytes)
      const from = position
      yield () => fill(file, path, piece, from)
      position += piece.length
    }
  }
}

/** Reads as many bytes as the piece has, from a position in the file on. */
async function fill(file: FileHandle, path: string, piece: Uint8Array, from: number): Promise<Uint8Array> {
  for (let at = 0; at < piece.length; ) {
    const { bytesRead } = await file.read(piece, at, piece.length - at, from + at)
    if (bytesRead === 0) throw new Error(`${path} was cut short while it was read`)
    at += bytesRead
  }
  return piece
}
