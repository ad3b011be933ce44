import type { NamedArrays, NdArray } from '@hookstep/catalogue'
import { type ArraySpan, dataTypes, parseHeader } from './safetensors-header.ts'

/**
 * Named arrays as a safetensors file: the parts of the file, one behind the other. All but the first are views of
 * the arrays themselves, nothing is copied. Python's `safetensors` reads the file.
 *
 * The format is described at https://huggingface.co/docs/safetensors/index#format: eight bytes that give the length
 * of the header, the header as JSON, the arrays in little-endian order, row by row, without a gap.
 *
 * @throws RangeError when an array has not as many elements as its shape says, or a name is reserved.
 */
export function toSafetensors(arrays: NamedArrays): Uint8Array[] {
  for (const [name, array] of Object.entries(arrays)) checkArray(name, array)
  // By decreasing size of their elements: then each lies at a multiple of it.
  const laidOut = Object.entries(arrays).sort(([, a], [, b]) => elementBytes(b) - elementBytes(a))
  return [headerOf(arrays, offsetsOf(laidOut)), ...laidOut.map(([, { data }]) => bytesOf(data))]
}

/**
 * The arrays of a safetensors file. Those that lie where their type may (all of {@link toSafetensors}) are views of the
 * file's buffer, the others copies.
 *
 * @throws Error on anything that the format does not allow, and on other types than F32, I32 and U8.
 */
export function fromSafetensors(file: Uint8Array): NamedArrays {
  const { arrays, dataStart } = parseHeader(file)
  const data = file.subarray(dataStart)
  return Object.fromEntries(arrays.map((array) => [array.name, arrayAt(data, array)]))
}

/** Names that the format, or JavaScript, has a meaning for. */
const reserved = ['__metadata__', '__proto__']

function checkArray(name: string, { data, shape }: NdArray): void {
  const size = shape.reduce((product, length) => product * length, 1)
  if (reserved.includes(name)) throw new RangeError(`an array cannot be named ${name}: rename it`)
  if (size === data.length) return
  throw new RangeError(
    `array ${JSON.stringify(name)} has ${data.length} elements, but shape [${shape}] has ${size}`,
  )
}

function elementBytes({ data }: NdArray): number {
  return data.BYTES_PER_ELEMENT
}

function bytesOf({ buffer, byteOffset, byteLength }: NdArray['data']): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

type Offsets = readonly [begin: number, end: number]

function offsetsOf(laidOut: readonly [string, NdArray][]): Map<string, Offsets> {
  let end = 0
  return new Map(
    laidOut.map(([name, { data }]) => {
      const begin = end
      end += data.byteLength
      return [name, [begin, end]]
    }),
  )
}

/** The length, and the header in the order of the names as given, with spaces up to a multiple of eight bytes. */
function headerOf(arrays: NamedArrays, offsets: Map<string, Offsets>): Uint8Array {
  const entries = Object.entries(arrays).map(([name, { data, shape }]) => {
    return [name, { dtype: typeOf(data), shape, data_offsets: offsets.get(name) }]
  })
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  const length = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return header
}

function typeOf(data: NdArray['data']): string {
  const found = Object.entries(dataTypes).find(([, type]) => data instanceof type)
  if (found === undefined) throw new TypeError('an array is a Float32Array, an Int32Array or a Uint8Array')
  return found[0]
}

function arrayAt(bytes: Uint8Array, { type, shape, begin, end }: ArraySpan): NdArray {
  const Type = dataTypes[type]
  const isAligned = (bytes.byteOffset + begin) % Type.BYTES_PER_ELEMENT === 0
  const { buffer, byteOffset } = isAligned ? bytes.subarray(begin, end) : bytes.slice(begin, end)
  return { data: new Type(buffer as ArrayBuffer, byteOffset, (end - begin) / Type.BYTES_PER_ELEMENT), shape }
}
