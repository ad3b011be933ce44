import type { NamedArrays } from '@hookstep/catalogue'
import { describe, expect, test } from 'vitest'
import { fromSafetensors, toSafetensors } from '../src/safetensors.ts'

const arrays: NamedArrays = {
  mask: { data: Uint8Array.of(1, 0, 255), shape: [3] },
  'layer 1/κernel 🙂 "\\': { data: Float32Array.of(1.5, -0, NaN, Infinity, 1e-45, 0.1), shape: [2, 3] },
  constructor: { data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1), shape: [2, 1, 1] },
  scalar: { data: Float32Array.of(7), shape: [] },
  nothing: { data: new Float32Array(0), shape: [0, 5] },
}

test('arrays come back as they were, bit for bit, in their order', () => {
  const read = fromSafetensors(joined(toSafetensors(arrays)))
  expect(Object.keys(read)).toEqual(Object.keys(arrays))
  expect(bits(read)).toEqual(bits(arrays))
})

test('no array is a file, too', () => {
  const file = joined(toSafetensors({}))
  expect([hex(file), fromSafetensors(file)]).toEqual(['08000000000000007b7d202020202020', {}])
})

test('nothing is copied: the parts are the arrays, and what is read is the file', () => {
  const buffers = new Set(Object.values(arrays).map(({ data }) => data.buffer))
  const [, ...parts] = toSafetensors(arrays)
  expect(parts.every(({ buffer }) => buffers.has(buffer as ArrayBuffer))).toBe(true)
  const file = joined(toSafetensors(arrays))
  expect(Object.values(fromSafetensors(file)).every(({ data }) => data.buffer === file.buffer)).toBe(true)
})

test('a view of a larger buffer is written as the view', () => {
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
  expect(bits(fromSafetensors(joined(toSafetensors({ a: { data, shape: [2] } }))))).toEqual(
    bits({ a: { data: Float32Array.of(2, 3), shape: [2] } }),
  )
})

test('what another program wrote in its own order, with metadata, without padding, is read as well', () => {
  const header =
    '{"__metadata__":{"format":"pt"}, "b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},' +
    ' "a":{"shape":[1],"data_offsets":[1,5],"dtype":"F32"}}'
  const read = fromSafetensors(fileOf(header, [9, 0, 0, 0x80, 0x3f]))
  expect(bits(read)).toEqual(
    bits({ b: { data: Uint8Array.of(9), shape: [1] }, a: { data: Float32Array.of(1), shape: [1] } }),
  )
})

describe('a file is refused', () => {
  const one = '{"dtype":"U8","shape":[2],"data_offsets":[0,2]}'
  const refusals: Record<string, [header: string, bytes: number, reason: RegExp]> = {
    'without a beginning': [`[${one}]`, 2, /does not begin with \{/],
    'that is no JSON': ['{"a":', 0, /JSON/],
    'with spaces before': [` {"a":${one}}`, 2, /does not begin with \{/],
    'with a name twice': [`{"a":${one},"a":${one}}`, 2, /"a" twice/],
    'with a name twice, once in escapes': [`{"a":${one},"\\u0061":${one}}`, 2, /"a" twice/],
    'with a field twice': [
      '{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      0,
      /"dtype" twice/,
    ],
    'with a prototype': [`{"__proto__":${one}}`, 2, /__proto__/],
    'with another type': ['{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}', 8, /"F64"/],
    'with a type from a prototype': [
      '{"a":{"dtype":"toString","shape":[],"data_offsets":[0,1]}}',
      1,
      /"toString"/,
    ],
    'with a field too many': [
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}',
      0,
      /nothing else/,
    ],
    'with a field too few': ['{"a":{"dtype":"U8","shape":[0]}}', 0, /it is to have/],
    'with an entry that is none': ['{"a":null}', 0, /it is to have/],
    'with a negative length': ['{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}', 0, /shape/],
    'with half a length': ['{"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,0]}}', 0, /shape/],
    'with a shape of more than it has': [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}',
      2,
      /takes 4 bytes/,
    ],
    'with a shape beyond all numbers': [
      `{"a":{"dtype":"U8","shape":[${Array(40).fill(2 ** 53 - 1)}],"data_offsets":[0,2]}}`,
      2,
      /takes Infinity bytes/,
    ],
    'with three offsets': ['{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}', 0, /data_offsets/],
    'with offsets backwards': ['{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}', 1, /it has -1/],
    'with data that nobody has': [`{"a":${one}}`, 3, /take 2 bytes, the data has 3/],
    'with too little data': [`{"a":${one}}`, 1, /take 2 bytes, the data has 1/],
    'with a gap': ['{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2, /begins at byte 1/],
    'with arrays that overlap': [
      `{"a":${one},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`,
      2,
      /begins at byte 1/,
    ],
    'with metadata that is no map of texts': ['{"__metadata__":{"a":1}}', 0, /__metadata__/],
  }
  test.each(Object.entries(refusals))('%s', (_, [header, bytes, reason]) => {
    expect(() => fromSafetensors(fileOf(header, Array(bytes).fill(0)))).toThrow(reason)
  })

  test('with a header longer than the file, or than any header', () => {
    const file = joined(toSafetensors(arrays))
    const claiming = (length: bigint): Uint8Array => {
      const changed = file.slice()
      new DataView(changed.buffer).setBigUint64(0, length, true)
      return changed
    }
    for (const length of [BigInt(file.length - 7), 2n ** 31n, 2n ** 53n, 2n ** 64n - 1n]) {
      expect(() => fromSafetensors(claiming(length))).toThrow(/header is to have/)
    }
    expect(() => fromSafetensors(file.subarray(0, 7))).toThrow(/at least 8 bytes/)
  })

  test('with bytes that are no text', () => {
    const file = fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}', [])
    file[10] = 0xff
    expect(() => fromSafetensors(file)).toThrow()
  })
})

test('what the format has no room for is not written', () => {
  const one = { data: Float32Array.of(1), shape: [1] }
  expect(() => toSafetensors({ __metadata__: one })).toThrow(/__metadata__: rename it/)
  expect(() => toSafetensors(Object.fromEntries([['__proto__', one]]))).toThrow(/__proto__: rename it/)
  expect(() => toSafetensors({ a: { ...one, shape: [2] } })).toThrow(
    '"a" has 1 elements, but shape [2] has 2',
  )
  const doubles = { data: Float64Array.of(1) as unknown as Float32Array, shape: [1] }
  expect(() => toSafetensors({ doubles })).toThrow(/a Float32Array, an Int32Array or a Uint8Array/)
})

function fileOf(header: string, data: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(header)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true)
  return joined([length, json, Uint8Array.from(data)])
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What an equality of numbers would hide: the kind of array, and the bits of NaN and -0. */
function bits(named: NamedArrays): unknown {
  return Object.entries(named).map(([name, { data, shape }]) => {
    return [
      name,
      data.constructor.name,
      shape,
      hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    ]
  })
}
