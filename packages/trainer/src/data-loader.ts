import type { DataState } from '@hookstep/catalogue'
import type { Batch } from './backend.ts'
import { type Batches, countSamples, type Data, type Dataset } from './data.ts'
import { within } from './platform.ts'
import { type ProcessGroup, plainDistributed } from './process-group.ts'
import { random } from './random.ts'

/** A batch on the host, and how many samples it holds. */
export interface Fetched {
  readonly batch: Batch
  readonly size: number
}

/** Fetches a run's batches in order, and knows where it stands. */
export interface DataLoader {
  /** Samples of an epoch that are used, by all ranks together, where that is known. */
  readonly samplesPerEpoch: number | undefined
  readonly position: DataState
  /** Whether a saved position is found again exactly, whatever the data. */
  readonly resumesExactly: boolean
  /** Samples that the next `windows` batches take, of all ranks, where that is known beforehand. */
  samplesAhead(windows: number): number | undefined
  /** Whether this epoch has another batch, for any rank. */
  hasMore(): boolean | Promise<boolean>
  /** The next batch; undefined where the other ranks share what is left. */
  take(): Fetched | undefined | Promise<Fetched | undefined>
  nextEpoch(): void
  /** Goes on from a saved position. */
  seek(position: DataState): void | Promise<void>
  close(): void | Promise<void>
}

export interface DataOrder {
  /** Samples in a batch of one rank. */
  readonly batchSize: number
  readonly shuffle: boolean
  /** An epoch is cut to a multiple of this many samples; 1 uses all. */
  readonly multipleOf: number
  /** Where ranks bring batches of their own: which of them ends an epoch for all. Default `shortest`. */
  readonly endsWith?: 'shortest' | 'longest'
  /** Batches fetched ahead. */
  readonly prefetch: number
  readonly seed: number
  readonly group: ProcessGroup
}

export function isDataset(data: Data): data is Dataset {
  return typeof (data as Dataset).batch === 'function'
}

export function openDataLoader(data: Data, order: DataOrder): DataLoader {
  return isDataset(data) ? new DatasetLoader(data, order) : new StreamLoader(data, order)
}

const beginning: DataState = { epoch: 1, samples: 0, batches: 0 }

/** What all ranks take at once, and this rank's part of it. */
interface Window {
  readonly samples: number
  readonly fetched: Fetched | undefined | Promise<Fetched>
}

/**
 * A dataset's batches. Each epoch has one order, shared by all ranks, which depends on nothing but seed
 * and epoch. Consecutive windows of it are divided evenly among the ranks.
 */
class DatasetLoader implements DataLoader {
  readonly samplesPerEpoch: number
  readonly resumesExactly = true
  position: DataState
  private readonly data: Dataset
  private readonly options: DataOrder
  private readonly windowSize: number
  private readonly ahead: Window[] = []
  /** Where the next window to be fetched begins, within the epoch. */
  private fetchFrom = 0
  private order: Uint32Array | undefined

  constructor(data: Dataset, options: DataOrder) {
    this.data = data
    this.options = options
    this.position = { ...beginning, length: data.length }
    this.samplesPerEpoch = data.length - (data.length % options.multipleOf)
    this.windowSize = options.batchSize * options.group.worldSize
  }

  samplesAhead(windows: number): number {
    return Math.min(windows * this.windowSize, this.samplesPerEpoch - this.position.samples)
  }

  hasMore(): boolean {
    return this.position.samples < this.samplesPerEpoch
  }

  take(): Fetched | undefined | Promise<Fetched> {
    this.fetchAhead()
    const { samples, fetched } = this.ahead.shift() as Window
    const { position } = this
    this.position = {
      ...position,
      samples: position.samples + samples,
      batches: position.batches + 1,
    }
    return fetched
  }

  nextEpoch(): void {
    this.seek({ epoch: this.position.epoch + 1, samples: 0, batches: 0, length: this.data.length })
  }

  /** @throws RangeError where the saved run had another number of samples. */
  seek(position: DataState): void {
    if (position.length !== this.data.length) {
      throw new RangeError(
        `data has ${this.data.length} samples, that of the saved run had ${position.length}: their orders have nothing in common`,
      )
    }
    this.position = position
    this.fetchFrom = position.samples
    this.ahead.length = 0
    this.order = undefined
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.ahead.map(({ fetched }) => fetched))
  }

  private fetchAhead(): void {
    while (this.ahead.length <= this.options.prefetch && this.fetchFrom < this.samplesPerEpoch) {
      this.ahead.push(this.fetchWindow())
    }
  }

  private fetchWindow(): Window {
    const samples = Math.min(this.windowSize, this.samplesPerEpoch - this.fetchFrom)
    const { rank, worldSize } = this.options.group
    const from = this.fetchFrom + Math.floor((samples * rank) / worldSize)
    const to = this.fetchFrom + Math.floor((samples * (rank + 1)) / worldSize)
    this.fetchFrom += samples
    return { samples, fetched: from === to ? undefined : this.fetch(from, to) }
  }

  /** A part of the epoch's order. Without shuffling nothing is kept of it: the data may be longer than memory. */
  private indices(from: number, to: number): Uint32Array {
    if (!this.options.shuffle) return Uint32Array.from({ length: to - from }, (_, at) => from + at)
    this.order ??= shuffled(this.position.epoch, this.data.length, this.options.seed)
    return this.order.subarray(from, to)
  }

  private fetch(from: number, to: number): Fetched | Promise<Fetched> {
    const indices = this.indices(from, to)
    const stream = random(this.options.seed, 'batch', this.position.epoch, from)
    return failingWhenTaken(() => {
      const batch = this.data.batch(indices, stream)
      return isThenable(batch)
        ? Promise.resolve(batch).then((arrived) => complete(arrived, indices.length))
        : complete(batch, indices.length)
    })
  }
}

/** Refuses a batch whose weight in its step would not be what its samples count. */
function complete(batch: Batch, samples: number): Fetched {
  const fetched = measured(batch)
  if (fetched.size === samples) return fetched
  throw new RangeError(
    `data gave ${fetched.size} samples for ${samples} indices: batch(indices) returns one for each`,
  )
}

/** The indices of an epoch, shuffled by Fisher and Yates' method from seed and epoch. */
function shuffled(epoch: number, length: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index)
  const stream = random(seed, 'order', epoch)
  for (let last = length - 1; last > 0; last--) {
    const other = stream.below(last + 1)
    const held = order[last] as number
    order[last] = order[other] as number
    order[other] = held
  }
  return order
}

type Result = IteratorResult<Batch, unknown>

/** How long a stream is given to close. */
const closingMs = 2000

/** Batches as they come, read one ahead. Each rank brings its own; the shortest, or the longest, ends the epoch for all. */
class StreamLoader implements DataLoader {
  readonly samplesPerEpoch = undefined
  readonly resumesExactly = false
  position = beginning
  private readonly data: Exclude<Data, Dataset>
  private readonly group: ProcessGroup
  private readonly endsWith: 'shortest' | 'longest'
  /** Whether any rank has taken a batch. */
  private isBegun = false
  private iterator: Iterator<Batch> | AsyncIterator<Batch> | undefined
  private ahead: Result | Promise<Result> | undefined
  /** The epoch before, while its iterator closes. */
  private leaving: Promise<void> | undefined

  constructor(data: Exclude<Data, Dataset>, { group, endsWith = 'shortest' }: DataOrder) {
    this.data = data
    this.group = group
    this.endsWith = endsWith
  }

  samplesAhead(): undefined {
    return undefined
  }

  async hasMore(): Promise<boolean> {
    const isMore = await this.peek().then(
      ({ done }) => done !== true,
      // A failure is a batch as well: it is met where it is taken, not in the step before.
      () => true,
    )
    const mustGive = this.position.batches === 0 && this.endsWith === 'shortest'
    if (!isMore && mustGive) throw emptyStream(this.position.epoch)
    const goesOn = await this.agree(isMore)
    if (!goesOn && !this.isBegun) throw emptyStream(this.position.epoch)
    return goesOn
  }

  async take(): Promise<Fetched | undefined> {
    const { done, value } = await this.peek()
    this.isBegun = true
    if (done === true) return undefined
    const fetched = measured(value as Batch)
    const { epoch, samples, batches } = this.position
    this.position = { epoch, samples: samples + fetched.size, batches: batches + 1 }
    this.ahead = undefined
    this.readAhead()
    return fetched
  }

  nextEpoch(): void {
    this.position = { epoch: this.position.epoch + 1, samples: 0, batches: 0 }
    this.isBegun = false
    this.leaving = this.leave()
    // Its failure is met where it is awaited.
    this.leaving.catch(() => {})
  }

  async seek({ epoch, batches }: DataState): Promise<void> {
    await this.leaving
    await this.leave()
    this.position = { epoch, samples: 0, batches: 0 }
    this.isBegun = true
    while (this.position.batches < batches) {
      if ((await this.peek()).done === true) {
        throw new RangeError(
          `data ends after ${this.position.batches} batches of epoch ${epoch}; the saved run had taken ${batches}`,
        )
      }
      await this.take()
    }
  }

  async close(): Promise<void> {
    await this.leaving
    await this.leave()
  }

  /** Whether the epoch goes on for all, where this rank has another batch, or has not. */
  private async agree(isMore: boolean): Promise<boolean> {
    if (this.group.worldSize === 1) return isMore
    const more = Float64Array.of(isMore ? 1 : 0)
    await this.group.allReduce(more, this.endsWith === 'shortest' ? 'min' : 'max')
    return more[0] === 1
  }

  /** Lets data that has not come to its end close what it opened, as leaving a `for await` would. */
  private async leave(): Promise<void> {
    const { iterator, ahead } = this
    this.iterator = undefined
    this.ahead = undefined
    const close = async (): Promise<void> => {
      const isOpen = await Promise.resolve(ahead).then(
        (result) => result?.done !== true,
        () => false,
      )
      if (isOpen) await iterator?.return?.()
    }
    // A live stream may be silent for ever: its next batch, behind which it would close, is not waited for.
    await within(closingMs, close())
  }

  private async peek(): Promise<Result> {
    await this.leaving
    this.readAhead()
    return this.ahead as Result | Promise<Result>
  }

  private readAhead(): void {
    this.ahead ??= failingWhenTaken(() => {
      this.iterator ??= iterate(this.batches())
      return this.iterator.next()
    })
  }

  private batches(): Batches {
    if (typeof this.data !== 'function') return this.data
    const batches: unknown = this.data(this.position.epoch, plainDistributed(this.group))
    if (isIterable(batches)) return batches
    throw new TypeError(
      `data(${this.position.epoch}) returned ${String(batches)}; it must return an iterable of batches`,
    )
  }
}

function isIterable(value: unknown): value is Batches {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  )
}

function iterate(batches: Batches): Iterator<Batch> | AsyncIterator<Batch> {
  if (Symbol.asyncIterator in batches) return batches[Symbol.asyncIterator]()
  return batches[Symbol.iterator]()
}

function emptyStream(epoch: number): RangeError {
  return new RangeError(
    epoch === 1
      ? 'data is empty: it gave no batch'
      : `data gave no batch in epoch ${epoch}: what can be read only once ends after epoch 1; ` +
          'pass a function that returns a new iterable for each epoch',
  )
}

/** What is fetched ahead and fails, at once or later, fails where it is taken. */
function failingWhenTaken<Ahead>(fetch: () => Ahead | Promise<Ahead>): Ahead | Promise<Ahead> {
  try {
    const ahead = fetch()
    if (ahead instanceof Promise) ahead.catch(() => {})
    return ahead
  } catch (error) {
    const failed = Promise.reject(error)
    failed.catch(() => {})
    return failed
  }
}

function isThenable(value: unknown): value is PromiseLike<Batch> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

function measured(batch: Batch): Fetched {
  if (typeof batch !== 'object' || batch === null) {
    throw new TypeError(
      `data gave ${String(batch)}: a batch is arrays by name, { inputs: { data, shape }, … }`,
    )
  }
  const size = countSamples(batch, 'batch')
  if (size === 0) throw new RangeError('data gave a batch without samples: leave it out')
  return { batch, size }
}
