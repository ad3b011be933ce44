import { crc32, deflateSync } from 'node:zlib'
import type { Media } from '@hookstep/catalogue'

/** Pixels row by row. */
export type Picture = Extract<Media, { kind: 'image' }>

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** How PNG names what a pixel is made of, by bytes in a pixel. */
const colorTypes = { 1: 0, 3: 2, 4: 6 } as const

/**
 * A picture as a PNG file, after the W3C's Portable Network Graphics specification: eight bits a channel, rows
 * as they are, not interlaced.
 *
 * @throws RangeError where there are more or fewer bytes than pixels.
 */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels } = picture
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, colorTypes[channels], 0, 0, 0], 8)
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows(picture))),
    chunk('IEND', header.subarray(0, 0)),
  ]
  return Buffer.concat([signature, ...chunks])
}

/** Before each row stands how it is filtered: 0, not at all. */
function rows({ width, height, channels, data }: Picture): Uint8Array {
  const stride = width * channels
  if (data.length !== stride * height || data.length === 0) {
    throw new RangeError(
      `an image of ${width} x ${height} pixels of ${channels} bytes has ${stride * height} bytes, not ${data.length}`,
    )
  }
  const filtered = new Uint8Array((stride + 1) * height)
  for (let row = 0; row < height; row++) {
    filtered.set(data.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1)
  }
  return filtered
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  bytes.set(data, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}
