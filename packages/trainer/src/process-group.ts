import type { Distributed } from '@hookstep/catalogue'

/** Numbers that processes reduce together. */
export type Reducible = Float32Array | Float64Array | Int32Array

/** How numbers of several ranks become one. */
export type Reduction = 'sum' | 'max' | 'min'

/**
 * The processes that train together, and what they do as one. Every rank must call the same
 * collectives in the same order, with arrays of one length.
 */
export interface ProcessGroup extends Distributed {
  /** Replaces the values by their sum, maximum or minimum over all ranks, element by element. */
  allReduce(values: Reducible, reduction: Reduction): void | Promise<void>
  /** Replaces the values by those of rank `from`. */
  broadcast(values: Reducible, from: number): void | Promise<void>
  /** Waits until all ranks are here. */
  barrier(): void | Promise<void>
  /** Makes collectives fail on every rank, those to come and those under way, so that none waits for one that is gone. */
  abort(reason: Error): void
}

/** This process alone: collectives return at once. */
export const singleProcess: ProcessGroup = Object.freeze({
  rank: 0,
  worldSize: 1,
  localRank: 0,
  isMain: true,
  isLocalMain: true,
  allReduce() {},
  broadcast() {},
  barrier() {},
  abort() {},
})

/**
 * Ranks that live in one process, for tests and simulations: the n-th of the result is rank n.
 * Sums are taken in the order of the ranks, so that they are the same bits on every rank and in every run.
 *
 * @throws RangeError unless `worldSize` is a positive whole number.
 */
export function inMemoryGroup(worldSize: number): ProcessGroup[] {
  if (!Number.isInteger(worldSize) || worldSize < 1) {
    throw new RangeError(`inMemoryGroup(${worldSize}): the world size must be a positive whole number`)
  }
  const meeting = new Meeting(worldSize)
  return Array.from({ length: worldSize }, (_, rank) => new InMemoryRank(meeting, rank, worldSize))
}

class InMemoryRank implements ProcessGroup {
  readonly rank: number
  readonly worldSize: number
  readonly localRank: number
  readonly isMain: boolean
  readonly isLocalMain: boolean
  private readonly meeting: Meeting

  constructor(meeting: Meeting, rank: number, worldSize: number) {
    this.meeting = meeting
    this.rank = rank
    this.worldSize = worldSize
    this.localRank = rank
    this.isMain = rank === 0
    this.isLocalMain = rank === 0
  }

  allReduce(values: Reducible, reduction: Reduction): Promise<void> {
    const call = `allReduce of ${describe(values)} (${reduction})`
    return this.meeting.join(this.rank, call, values, (all) => reduce(all, reduction))
  }

  broadcast(values: Reducible, from: number): Promise<void> {
    if (!(Number.isInteger(from) && from >= 0 && from < this.worldSize)) {
      return Promise.reject(
        new RangeError(`broadcast from rank ${from}: ranks count from 0 to ${this.worldSize - 1}`),
      )
    }
    const call = `broadcast of ${describe(values)} from rank ${from}`
    return this.meeting.join(this.rank, call, values, (all) => all[from] as Reducible)
  }

  barrier(): Promise<void> {
    return this.meeting.join(this.rank, 'barrier', new Int32Array(), ([first]) => first as Reducible)
  }

  abort(reason: Error): void {
    this.meeting.abort(reason)
  }
}

function describe(values: Reducible): string {
  return `${values.length} in a ${values.constructor.name}`
}

/** A rank that has come to a collective and waits for the others. */
interface Arrival {
  readonly call: string
  readonly values: Reducible
  readonly leave: (error?: Error) => void
}

/** Where ranks meet for one collective after the other: the n-th of each rank with the n-th of the others. */
class Meeting {
  /** By rank. One that does not wait for its collectives may be several ahead of the others. */
  private readonly arrivals: readonly Arrival[][]
  private aborted: Error | undefined

  constructor(worldSize: number) {
    this.arrivals = Array.from({ length: worldSize }, () => [])
  }

  join(
    rank: number,
    call: string,
    values: Reducible,
    combine: (all: readonly Reducible[]) => Reducible,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.aborted !== undefined) return reject(this.aborted)
      this.arrivals[rank]?.push({
        call,
        values,
        leave: (error) => (error === undefined ? resolve() : reject(error)),
      })
      if (this.arrivals.every((waiting) => waiting.length > 0)) this.complete(combine)
    })
  }

  abort(reason: Error): void {
    this.aborted ??= new Error(`another rank failed: ${reason.message}`, { cause: reason })
    for (const waiting of this.arrivals) {
      for (const { leave } of waiting.splice(0)) leave(this.aborted)
    }
  }

  private complete(combine: (all: readonly Reducible[]) => Reducible): void {
    const arrivals = this.arrivals.map((waiting) => waiting.shift() as Arrival)
    const calls = new Set(arrivals.map(({ call }) => call))
    if (calls.size > 1) {
      const error = new Error(`ranks called different collectives: ${[...calls].join(' and ')}`)
      for (const { leave } of arrivals) leave(error)
      return
    }
    const result = combine(arrivals.map(({ values }) => values)).slice()
    for (const { values, leave } of arrivals) {
      values.set(result)
      leave()
    }
  }
}

function reduce(all: readonly Reducible[], reduction: Reduction): Reducible {
  const result = (all[0] as Reducible).slice()
  const combine = reductions[reduction]
  for (const values of all.slice(1)) {
    for (let i = 0; i < result.length; i++) {
      result[i] = combine(result[i] as number, values[i] as number)
    }
  }
  return result
}

const reductions: Readonly<Record<Reduction, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
}

/** What hooks and data are told of the processes, without the means to act as one of them. */
export function plainDistributed(group: Distributed): Distributed {
  const { rank, worldSize, localRank, isMain, isLocalMain } = group
  return Object.freeze({ rank, worldSize, localRank, isMain, isLocalMain })
}

/** The least number that any rank names. @throws RangeError on NaN, which is neither less nor more. */
export async function leastOf(value: number, group: ProcessGroup): Promise<number> {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new RangeError(`agree(${value}): ranks agree on the least number; name one`)
  }
  const least = Float64Array.of(value)
  await group.allReduce(least, 'min')
  return least[0] as number
}
