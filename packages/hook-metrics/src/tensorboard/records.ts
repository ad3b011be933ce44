/**
 * The framing of event files, TFRecord:
 * https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */

/** A message as a record: its length, that length's checksum, the message, its checksum. */
export function record(data: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(data.length + 16)
  bytes.writeBigUInt64LE(BigInt(data.length), 0)
  bytes.writeUInt32LE(maskedCrc32c(bytes.subarray(0, 8)), 8)
  bytes.set(data, 12)
  bytes.writeUInt32LE(maskedCrc32c(data), 12 + data.length)
  return bytes
}

/** A checksum of bytes that hold checksums themselves is a weak one: hence the mask. */
function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

/** Castagnoli's cyclic redundancy check, as in RFC 3720, section 12.1. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number)
  return ~crc >>> 0
}

/** The polynomial, its bits from the lowest to the highest. */
const polynomial = 0x82f63b78

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc
})
