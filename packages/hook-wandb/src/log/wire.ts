/**
 * Protocol Buffers on the wire, as far as W&B's records need it: varints, strings, messages within messages.
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 */

const varint = 0
const lengthDelimited = 2

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A message that grows by fields. Zero and empty are left out by whoever calls, as proto3 does. */
export class MessageWriter {
  private bytes: Uint8Array
  private length = 0

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity)
  }

  /** @param value a whole number from 0 to 2 ** 53 - 1. */
  integer(field: number, value: number): void {
    this.tag(field, varint)
    this.varint(value)
  }

  text(field: number, value: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8, two of them at most four.
    this.delimited(field, value.length * 3, () => this.utf8(value))
  }

  message(field: number, write: (writer: MessageWriter) => void): void {
    this.delimited(field, 0, () => write(this))
  }

  /** What was written so far; it is overwritten after {@link clear}. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** Begins a new message in the same memory. */
  clear(): void {
    this.length = 0
  }

  /** A field that begins with its length, which takes one byte where it is short: only else the content is moved. */
  private delimited(field: number, most: number, write: () => void): void {
    this.tag(field, lengthDelimited)
    const at = this.length
    this.reserve(most + 1)
    this.length = at + 1
    write()
    const size = this.length - at - 1
    if (size > 127) this.makeRoom(at + 1, bytesOf(size) - 1)
    const end = this.length
    this.length = at
    this.varint(size)
    this.length = end
  }

  private makeRoom(at: number, count: number): void {
    this.reserve(count)
    this.bytes.copyWithin(at + count, at, this.length)
    this.length += count
  }

  private tag(field: number, type: number): void {
    this.varint(field * 8 + type)
  }

  private varint(value: number): void {
    if (!(Number.isSafeInteger(value) && value >= 0)) {
      throw new RangeError(`${value} cannot be written: it must be a whole number from 0 on`)
    }
    this.reserve(8)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) + 128
    this.bytes[this.length++] = rest
  }

  /** Most of what is written is short and ASCII: a call of the encoder would cost more than it. */
  private utf8(value: string): void {
    const begin = this.length
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at)
      if (unit > 127) {
        this.length = begin + encoder.encodeInto(value, this.bytes.subarray(begin)).written
        return
      }
      this.bytes[this.length++] = unit
    }
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    larger.set(this.view())
    this.bytes = larger
  }
}

/** Bytes that a varint takes. */
function bytesOf(value: number): number {
  let count = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) count++
  return count
}

/** The fields of a message, in their order; of a varint the number, of all else the bytes. */
export interface Field {
  readonly number: number
  readonly value: number
  readonly bytes: Uint8Array
}

const nothing = new Uint8Array(0)

/** @throws RangeError on bytes that are no message. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const at = { position: 0 }
  while (at.position < message.length) {
    const tag = readVarint(message, at)
    const number = Math.floor(tag / 8)
    const type = tag % 8
    if (type === varint) yield { number, value: readVarint(message, at), bytes: nothing }
    else yield { number, value: 0, bytes: readBytes(message, at, lengthOf(type, message, at)) }
  }
}

export function textOf({ bytes }: Field): string {
  return decoder.decode(bytes)
}

function lengthOf(type: number, message: Uint8Array, at: { position: number }): number {
  if (type === lengthDelimited) return readVarint(message, at)
  if (type === 1) return 8
  if (type === 5) return 4
  throw new RangeError(`no message: wire type ${type} at byte ${at.position}`)
}

function readBytes(message: Uint8Array, at: { position: number }, length: number): Uint8Array {
  const begin = at.position
  at.position += length
  if (at.position > message.length)
    throw new RangeError(`no message: it ends within the field at byte ${begin}`)
  return message.subarray(begin, at.position)
}

/** Negative numbers, of 64 bits, come out as large ones. */
function readVarint(message: Uint8Array, at: { position: number }): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = message[at.position++]
    if (byte === undefined)
      throw new RangeError(`no message: it ends within a number at byte ${at.position - 1}`)
    value += (byte % 128) * scale
    if (byte < 128) return value
  }
}
