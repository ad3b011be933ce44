import type { Distributed, NamedArrays } from '@hookstep/catalogue'
import type { Batch } from './backend.ts'
import type { Random } from './random.ts'

/** Samples that can be fetched by their index, in any order: shuffled, sharded and resumed exactly. */
export interface Dataset {
  /** How many samples there are. */
  readonly length: number
  /** Fetches a batch of samples. `random` is seeded for this batch: take augmentation from it. */
  batch(indices: Uint32Array, random: Random): Batch | Promise<Batch>
}

/** Batches as they come. */
export type Batches = Iterable<Batch> | AsyncIterable<Batch>

/**
 * What can be trained on: a {@link Dataset}, or batches as they come. An iterable is iterated once per
 * epoch; a function returns one for each epoch, and for each rank its own.
 */
export type Data = Dataset | Batches | ((epoch: number, distributed: Distributed) => Batches)

/**
 * A dataset of arrays in memory. The first dimension of each counts samples.
 *
 * ```ts
 * const data = arrays({
 *   inputs: { data: new Float32Array(1000 * 784), shape: [1000, 784] },
 *   targets: { data: new Uint8Array(1000), shape: [1000] },
 * })
 * ```
 *
 * @throws TypeError | RangeError on what is no array with its shape, on arrays that differ in their number
 * of samples, and, from `batch`, on an index that is none of a sample.
 */
export function arrays(columns: NamedArrays): Dataset {
  const length = countSamples(columns, 'arrays')
  return {
    length,
    batch(indices) {
      checkIndices(indices, length)
      return Object.fromEntries(
        Object.entries(columns).map(([name, column]) => [name, rows(column, indices)]),
      )
    },
  }
}

function checkIndices(indices: Uint32Array, length: number): void {
  for (const index of indices) {
    if (index >= length) throw new RangeError(`arrays: there is no sample ${index}; they hold ${length}`)
  }
}

/** Copies rows of an array, in the order of the indices. */
function rows({ data, shape }: NamedArrays[string], indices: Uint32Array): NamedArrays[string] {
  const width = data.length / (shape[0] as number)
  const picked = new arrayTypes[kindOf(data) as keyof typeof arrayTypes](indices.length * width)
  for (let row = 0; row < indices.length; row++) {
    const start = (indices[row] as number) * width
    picked.set(data.subarray(start, start + width), row * width)
  }
  return { data: picked, shape: [indices.length, ...shape.slice(1)] }
}

const arrayTypes = { Float32Array, Int32Array, Uint8Array }

/** Told by name: a `Buffer` is a Uint8Array, and an array from another realm is one of its kind. */
function kindOf(data: unknown): string | undefined {
  return ArrayBuffer.isView(data)
    ? (data as unknown as Record<symbol, string>)[Symbol.toStringTag]
    : undefined
}

/**
 * How many samples named arrays hold.
 *
 * @throws TypeError | RangeError when they are not arrays with shapes, or do not agree.
 */
export function countSamples(columns: NamedArrays, owner: string): number {
  let samples: number | undefined
  let first = ''
  for (const name in columns) {
    const { data, shape } = checkArray(columns[name], `${owner}.${name}`)
    if (data.length !== shape.reduce((product, size) => product * size, 1)) {
      throw new RangeError(
        `${owner}.${name} holds ${data.length} numbers, which do not fill its shape [${shape.join(', ')}]`,
      )
    }
    if (samples !== undefined && samples !== shape[0]) {
      throw new RangeError(
        `${owner}.${first} has ${samples} samples, ${owner}.${name} has ${shape[0]}: give each as many`,
      )
    }
    samples ??= shape[0] as number
    first ||= name
  }
  if (samples === undefined) {
    throw new TypeError(`${owner} is empty: give arrays by name, such as { inputs: { data, shape } }`)
  }
  return samples
}

function checkArray(value: NamedArrays[string] | undefined, name: string): NamedArrays[string] {
  const kind = kindOf(value?.data)
  if (value === undefined || kind === undefined || !Array.isArray(value.shape) || value.shape.length === 0) {
    throw new TypeError(`${name} is not { data, shape } with a typed array and at least one dimension`)
  }
  if (!(kind in arrayTypes)) {
    throw new TypeError(`${name} is a ${kind}; make it a Float32Array, an Int32Array or a Uint8Array`)
  }
  if (!value.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new RangeError(`${name} has the shape [${value.shape.join(', ')}]: sizes are whole numbers`)
  }
  return value
}
