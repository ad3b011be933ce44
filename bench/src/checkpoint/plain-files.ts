/** What the disk does by itself: bytes written and read one after another, by Node, with nothing done to them. */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { dropCache, inFolder, leastTime } from './disk.ts'
import { noise } from './noise.ts'

const pieceBytes = 4 * 2 ** 20

/** Milliseconds that writing and syncing takes, of a new file each time: as the hook writes. */
export function timeWrite(megabytes: number): Promise<number> {
  return inFolder((folder) =>
    leastTime(async (repeat) => {
      await dropCache(folder)
      return written(join(folder, `plain-${repeat}`), megabytes)
    }),
  )
}

/** Milliseconds that reading takes, into one small buffer again and again. */
export function timeRead(megabytes: number): Promise<number> {
  const buffer = new Uint8Array(pieceBytes)
  return timed(megabytes, () => () => buffer)
}

/** Milliseconds that reading takes, into memory that holds all of it. */
export function timeReadIntoMemory(megabytes: number): Promise<number> {
  return timed(megabytes, () => {
    const all = new Uint8Array(megabytes * 1e6)
    return (at) => all.subarray(at, at + pieceBytes)
  })
}

/** Where the bytes from a place on are read to. */
type Target = (at: number) => Uint8Array

function timed(megabytes: number, target: () => Target): Promise<number> {
  return inFolder(async (folder) => {
    const path = join(folder, 'plain')
    written(path, megabytes)
    return leastTime(async () => {
      await dropCache(folder)
      return read(path, target)
    })
  })
}

function written(path: string, megabytes: number): number {
  const piece = noise(pieceBytes)
  const start = performance.now()
  const file = openSync(path, 'wx')
  for (let left = megabytes * 1e6; left > 0; ) left -= writeSync(file, piece, 0, Math.min(left, pieceBytes))
  fsyncSync(file)
  closeSync(file)
  return performance.now() - start
}

function read(path: string, target: () => Target): number {
  const start = performance.now()
  const file = openSync(path, 'r')
  const into = target()
  for (let at = 0, bytes = -1; bytes !== 0; at += bytes) bytes = readSync(file, into(at))
  closeSync(file)
  return performance.now() - start
}
