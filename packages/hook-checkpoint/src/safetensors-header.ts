import { repeatedKey } from './repeated-key.ts'

/** The types of the format that a run's state can have. */
export const dataTypes: {
  readonly F32: typeof Float32Array
  readonly I32: typeof Int32Array
  readonly U8: typeof Uint8Array
} = { F32: Float32Array, I32: Int32Array, U8: Uint8Array }

/** Where in the data an array lies, from byte `begin` to before byte `end`. */
export interface ArraySpan {
  readonly name: string
  readonly type: keyof typeof dataTypes
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface Header {
  /** In the order of the header. */
  readonly arrays: readonly ArraySpan[]
  /** Where in the file the data begins. */
  readonly dataStart: number
}

/** What the format's own implementation reads at most, in bytes. */
const longestHeader = 100_000_000

/**
 * The header of a safetensors file, held strictly to the format: nothing in it points out of the file, and every byte of the
 * data belongs to exactly one array.
 *
 * @throws Error that says what is wrong.
 */
export function parseHeader(file: Uint8Array): Header {
  const length = headerLength(file)
  const dataStart = 8 + length
  const arrays = Object.entries(parseJson(file.subarray(8, dataStart)))
    .filter(([name, entry]) => name !== '__metadata__' || !isMetadata(entry))
    .map(([name, entry]) => arraySpan(name, entry))
  checkContiguous(arrays, file.length - dataStart)
  return { arrays, dataStart }
}

function headerLength(file: Uint8Array): number {
  if (file.length < 8) throw new Error(`a safetensors file has at least 8 bytes, this one ${file.length}`)
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true)
  const most = Math.min(longestHeader, file.length - 8)
  if (length <= most) return Number(length)
  throw new Error(`the header is to have ${length} bytes, the file has room for ${most}`)
}

function parseJson(bytes: Uint8Array): object {
  // The format says: it begins with `{`; only spaces may follow.
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  if (!text.startsWith('{')) throw new Error('the header does not begin with {')
  const header: object = JSON.parse(text)
  const repeated = repeatedKey(text)
  if (repeated !== undefined) throw new Error(`the header has ${JSON.stringify(repeated)} twice`)
  return header
}

function isMetadata(entry: unknown): boolean {
  const isMap = typeof entry === 'object' && entry !== null && !Array.isArray(entry)
  if (isMap && Object.values(entry).every((value) => typeof value === 'string')) return true
  throw new Error('__metadata__ is no map of texts')
}

function arraySpan(name: string, entry: unknown): ArraySpan {
  const wrong = (what: string): Error => new Error(`array ${JSON.stringify(name)}: ${what}`)
  if (name === '__proto__') throw wrong('a name that is refused')
  if (!hasFields(entry)) throw wrong('it is to have dtype, shape and data_offsets, and nothing else')
  const { dtype, shape, data_offsets: offsets } = entry
  if (!isType(dtype)) throw wrong(`dtype is ${JSON.stringify(dtype)}, it must be F32, I32 or U8`)
  if (!areCounts(shape)) throw wrong('shape is no list of whole numbers')
  if (!areCounts(offsets) || offsets.length !== 2) throw wrong('data_offsets are not two whole numbers')
  const [begin, end] = offsets as [number, number]
  const bytes = shape.reduce((product, length) => product * length, dataTypes[dtype].BYTES_PER_ELEMENT)
  if (end - begin !== bytes) throw wrong(`shape [${shape}] takes ${bytes} bytes, it has ${end - begin}`)
  return { name, type: dtype, shape, begin, end }
}

const fields = ['data_offsets', 'dtype', 'shape']

function hasFields(entry: unknown): entry is Record<string, unknown> {
  return typeof entry === 'object' && entry !== null && `${Object.keys(entry).sort()}` === `${fields}`
}

function isType(dtype: unknown): dtype is keyof typeof dataTypes {
  return typeof dtype === 'string' && Object.hasOwn(dataTypes, dtype)
}

function areCounts(list: unknown): list is number[] {
  return Array.isArray(list) && list.every((value) => Number.isSafeInteger(value) && value >= 0)
}

/** @throws Error where the arrays overlap, leave a gap, or do not end where the data ends. */
function checkContiguous(arrays: readonly ArraySpan[], bytes: number): void {
  let reached = 0
  for (const { name, begin, end } of [...arrays].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== reached) {
      throw new Error(
        `array ${JSON.stringify(name)} begins at byte ${begin} of the data, expected ${reached}`,
      )
    }
    reached = end
  }
  if (reached !== bytes) throw new Error(`the arrays take ${reached} bytes, the data has ${bytes}`)
}
