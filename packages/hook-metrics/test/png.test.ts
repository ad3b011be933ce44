import { inflateSync } from 'node:zlib'
import { random } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { encodePng } from '../src/png.ts'

/** The chunks of a PNG file by their types. */
function chunksOf(bytes: Uint8Array): Record<string, Buffer> {
  const png = Buffer.from(bytes)
  const chunks: Record<string, Buffer> = {}
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at)
    chunks[png.toString('latin1', at + 4, at + 8)] = png.subarray(at + 8, at + 8 + length)
    at += 12 + length
  }
  return chunks
}

test('a single black pixel is the file that everybody else writes', () => {
  const png = encodePng({ kind: 'image', width: 1, height: 1, channels: 1, data: Uint8Array.of(0) })
  expect(Buffer.from(png).toString('hex')).toBe(
    `89504e470d0a1a0a${'0000000d49484452000000010000000108000000003a7e9b55'}${'0000000a49444154789c636000000002000148afa471'}${'0000000049454e44ae426082'}`,
  )
})

test.each([1, 3, 4] as const)('keeps pixels of %i bytes, row by row', (channels) => {
  const draw = random(channels, 'pixels')
  const data = Uint8Array.from({ length: 5 * 3 * channels }, () => Math.floor(draw.next() * 256))
  const { IHDR, IDAT } = chunksOf(encodePng({ kind: 'image', width: 5, height: 3, channels, data }))
  expect([IHDR?.readUInt32BE(0), IHDR?.readUInt32BE(4), [...(IHDR?.subarray(8) ?? [])]]).toEqual([
    5,
    3,
    [8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0],
  ])
  const rows = inflateSync(IDAT ?? Buffer.alloc(0))
  const stride = 5 * channels
  const expected = [0, 1, 2].flatMap((row) => [0, ...data.subarray(row * stride, (row + 1) * stride)])
  expect([...rows]).toEqual(expected)
})

test('refuses more or fewer bytes than pixels', () => {
  expect(() =>
    encodePng({ kind: 'image', width: 2, height: 2, channels: 3, data: new Uint8Array(4) }),
  ).toThrow('an image of 2 x 2 pixels of 3 bytes has 12 bytes, not 4')
})
