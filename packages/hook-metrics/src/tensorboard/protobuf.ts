/**
 * Protocol Buffers' wire format, as far as it takes to write messages:
 * https://protobuf.dev/programming-guides/encoding/
 */

/** Several fields, one after the other: a message. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields)
}

/** A string, bytes, or a message within another. */
export function bytesField(number: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

/** A whole number that is not negative; an enumeration or a boolean. */
export function integerField(number: number, value: number): Uint8Array {
  return Buffer.concat([varint(number * 8), varint(value)])
}

export function floatField(number: number, value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(5)
  bytes[0] = number * 8 + 5
  bytes.writeFloatLE(value, 1)
  return bytes
}

export function doubleField(number: number, value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(9)
  bytes[0] = number * 8 + 1
  bytes.writeDoubleLE(value, 1)
  return bytes
}

/** A repeated field of doubles, packed. */
export function doublesField(number: number, values: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(8 * values.length)
  for (const [at, value] of values.entries()) bytes.writeDoubleLE(value, 8 * at)
  return bytesField(number, bytes)
}

/** Seven bits a byte, the lowest first; all but the last have the eighth set. */
function varint(value: number): Uint8Array {
  if (value < 128) return Uint8Array.of(value)
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}
