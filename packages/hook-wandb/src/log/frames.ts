import { bytesFrom } from '../bytes.ts'
import { crc32 } from './crc32.ts'

/*
 * The frames of a `.wandb` file: a header of W&B's, then the log format of LevelDB
 * (https://github.com/google/leveldb/blob/main/doc/log_format.md) with the plain CRC-32 in place of its masked CRC-32C.
 * A record is cut into chunks that do not cross the border of a block; 7 bytes lie before each.
 */

export const blockBytes: number = 32 * 1024
/** Checksum, 4 bytes; length, 2; kind, 1. */
const chunkHeaderBytes = 7
const [full, first, middle, last] = [1, 2, 3, 4]

/** What each file begins with: `:W&B`, a magic number, the version 0. */
export const fileHeader: Uint8Array = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0)

/** Bytes that a record takes in a file that is `position` bytes long. */
function framedBytes(length: number, position: number): number {
  let bytes = 0
  let rest = length
  do {
    bytes += paddingAt(position + bytes)
    const part = Math.min(rest, roomAt(position + bytes))
    bytes += chunkHeaderBytes + part
    rest -= part
  } while (rest > 0)
  return bytes
}

/** The bytes of a record as they stand in a file behind its first `position` bytes. */
export function frame(record: Uint8Array, position: number): Uint8Array {
  const framed = new Uint8Array(framedBytes(record.length, position))
  let at = 0
  let done = 0
  let begins = true
  do {
    at += paddingAt(position + at)
    // Of a record that begins 7 bytes before the end of a block, the first part is empty.
    const part = record.subarray(done, done + roomAt(position + at))
    const kind = kindOf(begins, done + part.length === record.length)
    writeChunk(framed.subarray(at), kind, part)
    at += chunkHeaderBytes + part.length
    done += part.length
    begins = false
  } while (done < record.length)
  return framed
}

/** A record, and the bytes of the file it lies in. */
export interface Framed {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * The whole records of a stretch of a file: they end before the first that is torn, or damaged.
 *
 * @param bytes a stretch that begins with a record.
 * @param position where it begins in the file.
 */
export function* unframe(bytes: Uint8Array, position: number): Generator<Framed> {
  let parts: Uint8Array[] = []
  let start = position
  let at = 0
  for (;;) {
    at += paddingAt(position + at)
    const chunk = readChunk(bytes.subarray(at), roomAt(position + at))
    const begins = chunk?.kind === full || chunk?.kind === first
    if (chunk === undefined || begins !== (parts.length === 0)) return
    at += chunkHeaderBytes + chunk.data.length
    parts.push(chunk.data)
    if (chunk.kind === first || chunk.kind === middle) continue
    yield { bytes: bytesFrom(parts), start, end: position + at }
    parts = []
    start = position + at
  }
}

/** Bytes that nothing is written to, as no chunk fits before the block's end. */
function paddingAt(position: number): number {
  const left = blockBytes - (position % blockBytes)
  return left < chunkHeaderBytes ? left : 0
}

/** Bytes of data that the chunk at a position can hold. */
function roomAt(position: number): number {
  return blockBytes - (position % blockBytes) - chunkHeaderBytes
}

function kindOf(begins: boolean, ends: boolean): number {
  if (begins) return ends ? full : first
  return ends ? last : middle
}

function writeChunk(into: Uint8Array, kind: number, data: Uint8Array): void {
  into[6] = kind
  const crc = crc32(data, crc32(into.subarray(6, 7)))
  for (let byte = 0; byte < 4; byte++) into[byte] = crc >>> (8 * byte)
  into[4] = data.length
  into[5] = data.length >>> 8
  into.set(data, chunkHeaderBytes)
}

interface Chunk {
  readonly kind: number
  readonly data: Uint8Array
}

/** `undefined` where none lies whole. */
function readChunk(bytes: Uint8Array, room: number): Chunk | undefined {
  if (bytes.length < chunkHeaderBytes) return
  const header = new DataView(bytes.buffer, bytes.byteOffset, chunkHeaderBytes)
  const length = header.getUint16(4, true)
  const kind = header.getUint8(6)
  const data = bytes.subarray(chunkHeaderBytes, chunkHeaderBytes + length)
  if (kind < full || kind > last || length > room || data.length < length) return
  if (crc32(data, crc32(bytes.subarray(6, 7))) !== header.getUint32(0, true)) return
  return { kind, data }
}
