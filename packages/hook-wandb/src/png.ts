import { bytesFrom } from './bytes.ts'
import { crc32 } from './log/crc32.ts'

/** Pixels row by row. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3 | 4
  readonly data: Uint8Array
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Grey, RGB, RGB with opacity. */
const colourTypes = { 1: 0, 3: 2, 4: 6 } as const

/** An image as a PNG file, 8 bits a channel. Source: https://www.w3.org/TR/png-3/ */
export async function png({ width, height, channels, data }: Pixels): Promise<Uint8Array> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, colourTypes[channels]], 8)
  const rows = await deflated(unfiltered(data, width * channels, height))
  const chunks = [chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', new Uint8Array(0))]
  return bytesFrom([signature, ...chunks])
}

/** Each row begins with the number of its filter: 0, for none. */
function unfiltered(data: Uint8Array, rowBytes: number, height: number): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array((rowBytes + 1) * height)
  for (let row = 0; row < height; row++) {
    rows.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1)
  }
  return rows
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Length, kind, data, and the checksum of the latter two. */
function chunk(kind: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(new TextEncoder().encode(kind), 4)
  bytes.set(data, 8)
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)))
  return bytes
}
