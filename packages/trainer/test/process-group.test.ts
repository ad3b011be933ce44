import { inMemoryGroup, type ProcessGroup, random, singleProcess } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

/** Runs the same on every rank at once; what each returned. */
function onAll<Result>(
  group: readonly ProcessGroup[],
  body: (rank: ProcessGroup) => Result,
): Promise<Awaited<Result>[]> {
  return Promise.all(group.map(body))
}

/** What each rank's collectives ended in: its error's message, or `done`. */
async function endings(calls: readonly (void | Promise<void>)[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((one) => (one.status === 'fulfilled' ? 'done' : (one.reason as Error).message))
}

/** Lets everything that can happen happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('ranks know who they are', () => {
  const told = inMemoryGroup(3).map(({ rank, worldSize, localRank, isMain, isLocalMain }) => ({
    rank,
    worldSize,
    localRank,
    isMain,
    isLocalMain,
  }))
  expect(told).toEqual([
    { rank: 0, worldSize: 3, localRank: 0, isMain: true, isLocalMain: true },
    { rank: 1, worldSize: 3, localRank: 1, isMain: false, isLocalMain: false },
    { rank: 2, worldSize: 3, localRank: 2, isMain: false, isLocalMain: false },
  ])
  expect(singleProcess).toMatchObject({
    rank: 0,
    worldSize: 1,
    localRank: 0,
    isMain: true,
    isLocalMain: true,
  })
})

test('a group has at least one rank', () => {
  for (const size of [0, -1, 1.5, Number.NaN]) {
    expect(() => inMemoryGroup(size)).toThrow(
      new RangeError(`inMemoryGroup(${size}): the world size must be a positive whole number`),
    )
  }
})

describe('collectives', () => {
  test('reduce element by element, on every rank and for every kind of numbers', async () => {
    for (const ArrayType of [Float32Array, Float64Array, Int32Array]) {
      const reduced = await onAll(inMemoryGroup(3), async (rank) => {
        const [sum, most, least] = Array.from({ length: 3 }, () =>
          ArrayType.of(rank.rank + 1, -2 * (rank.rank + 1), 5),
        )
        await rank.allReduce(sum as Float32Array, 'sum')
        await rank.allReduce(most as Float32Array, 'max')
        await rank.allReduce(least as Float32Array, 'min')
        return [sum, most, least]
      })
      const expected = [ArrayType.of(6, -12, 15), ArrayType.of(3, -2, 5), ArrayType.of(1, -6, 5)]
      expect(reduced).toEqual([expected, expected, expected])
    }
  })

  test('broadcast what one rank has', async () => {
    for (const from of [0, 1, 2]) {
      const received = await onAll(inMemoryGroup(3), async (rank) => {
        const values = Float64Array.of(rank.rank, 10 * rank.rank)
        await rank.broadcast(values, from)
        return Array.from(values)
      })
      expect(received).toEqual(Array.from({ length: 3 }, () => [from, 10 * from]))
    }
  })

  test('a barrier holds until all ranks are there', async () => {
    const [first, second, third] = inMemoryGroup(3) as [ProcessGroup, ProcessGroup, ProcessGroup]
    const log: string[] = []
    const pass = async (rank: ProcessGroup) => {
      log.push(`${rank.rank} comes`)
      await rank.barrier()
      log.push(`${rank.rank} goes`)
    }
    const passing = [pass(third), pass(first)]
    await settle()
    log.push('nobody has gone')
    await Promise.all([...passing, pass(second)])
    expect(log.slice(0, 4)).toEqual(['2 comes', '0 comes', 'nobody has gone', '1 comes'])
    expect(log.slice(4).sort()).toEqual(['0 goes', '1 goes', '2 goes'])
  })

  test('a rank alone has nothing to wait for', async () => {
    const [alone] = inMemoryGroup(1) as [ProcessGroup]
    for (const group of [alone, singleProcess]) {
      const values = Float32Array.of(1, 2)
      await group.allReduce(values, 'sum')
      await group.broadcast(values, 0)
      await group.barrier()
      expect(values).toEqual(Float32Array.of(1, 2))
    }
  })

  test('a rank that does not wait for its collectives may be ahead: the n-th meets the n-th', async () => {
    const [ahead, behind] = inMemoryGroup(2) as [ProcessGroup, ProcessGroup]
    const [ones, tens] = [Float64Array.of(1), Float64Array.of(10)]
    const calls = [ahead.allReduce(ones, 'sum'), ahead.barrier(), ahead.allReduce(tens, 'max')]
    const [twos, twenties] = [Float64Array.of(2), Float64Array.of(20)]
    await behind.allReduce(twos, 'sum')
    await behind.barrier()
    await behind.allReduce(twenties, 'max')
    await Promise.all(calls)
    expect([ones, tens, twos, twenties].map(([value]) => value)).toEqual([3, 20, 3, 20])
  })
})

describe('sums have the same bits', () => {
  /** Numbers of such different sizes that the order of the sum shows in its bits. */
  const numbersOf = (rank: number): Float32Array => {
    const stream = random(0, 'rank', rank)
    return Float32Array.from({ length: 64 }, () => stream.normal() * 10 ** stream.below(8))
  }

  /** Their sum, in that order. */
  const added = (ranks: readonly number[]): Float32Array => {
    const sum = new Float32Array(64)
    for (const rank of ranks) sum.set(numbersOf(rank).map((number, at) => (sum[at] as number) + number))
    return sum
  }

  /** The sum as each rank has it, when the ranks come in that order. */
  async function reduce(arrival: readonly number[]): Promise<Float32Array[]> {
    const group = inMemoryGroup(arrival.length)
    const values = group.map(({ rank }) => numbersOf(rank))
    await Promise.all(arrival.map((rank) => group[rank]?.allReduce(values[rank] as Float32Array, 'sum')))
    return values
  }

  test('on every rank, in every run, whoever comes first: that of the order of the ranks', async () => {
    const [inOrder, backwards] = [added([0, 1, 2, 3]), added([3, 2, 1, 0])]
    expect(inOrder).not.toEqual(backwards)
    for (const arrival of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      expect(await reduce(arrival)).toEqual([inOrder, inOrder, inOrder, inOrder])
    }
  })
})

describe('ranks that call different collectives all learn of it', () => {
  const cases: readonly [
    first: (rank: ProcessGroup) => void | Promise<void>,
    second: (rank: ProcessGroup) => void | Promise<void>,
    message: string,
  ][] = [
    [
      (rank) => rank.barrier(),
      (rank) => rank.allReduce(new Float32Array(2), 'sum'),
      'ranks called different collectives: barrier and allReduce of 2 in a Float32Array (sum)',
    ],
    [
      (rank) => rank.allReduce(new Float32Array(2), 'sum'),
      (rank) => rank.allReduce(new Float32Array(3), 'sum'),
      'ranks called different collectives: allReduce of 2 in a Float32Array (sum) and allReduce of 3 in a Float32Array (sum)',
    ],
    [
      (rank) => rank.allReduce(new Float32Array(2), 'sum'),
      (rank) => rank.allReduce(new Float32Array(2), 'max'),
      'ranks called different collectives: allReduce of 2 in a Float32Array (sum) and allReduce of 2 in a Float32Array (max)',
    ],
    [
      (rank) => rank.allReduce(new Float32Array(2), 'sum'),
      (rank) => rank.allReduce(new Int32Array(2), 'sum'),
      'ranks called different collectives: allReduce of 2 in a Float32Array (sum) and allReduce of 2 in a Int32Array (sum)',
    ],
    [
      (rank) => rank.broadcast(new Float64Array(1), 0),
      (rank) => rank.broadcast(new Float64Array(1), 1),
      'ranks called different collectives: broadcast of 1 in a Float64Array from rank 0 and broadcast of 1 in a Float64Array from rank 1',
    ],
  ]
  for (const [first, second, message] of cases) {
    test(message, async () => {
      const [main, other] = inMemoryGroup(2) as [ProcessGroup, ProcessGroup]
      expect(await endings([first(main), second(other)])).toEqual([message, message])
    })
  }

  test('their values stay as they were', async () => {
    const [main, other] = inMemoryGroup(2) as [ProcessGroup, ProcessGroup]
    const values = [Float32Array.of(1), Float32Array.of(2)] as const
    await endings([main.allReduce(values[0], 'sum'), other.allReduce(values[1], 'max')])
    expect(values).toEqual([Float32Array.of(1), Float32Array.of(2)])
  })

  test('a rank that is not there cannot be the one to broadcast', async () => {
    const group = inMemoryGroup(2)
    for (const from of [2, -1, 0.5]) {
      const message = `broadcast from rank ${from}: ranks count from 0 to 1`
      expect(await endings(group.map((rank) => rank.broadcast(new Float32Array(1), from)))).toEqual([
        message,
        message,
      ])
    }
  })
})

describe('after one rank has failed', () => {
  const told = 'another rank failed: disk full'

  test('those that wait for it, and those still to come, fail as well', async () => {
    const [first, second, third] = inMemoryGroup(3) as [ProcessGroup, ProcessGroup, ProcessGroup]
    const waiting = [
      first.allReduce(new Float32Array(1), 'sum'),
      first.barrier(),
      second.allReduce(new Float32Array(1), 'sum'),
    ]
    await settle()
    third.abort(new Error('disk full'))
    expect(await endings(waiting)).toEqual([told, told, told])
    expect(
      await endings([first.barrier(), second.broadcast(new Float32Array(1), 0), third.barrier()]),
    ).toEqual([told, told, told])
  })

  test('a collective that was complete stays so', async () => {
    const group = inMemoryGroup(2)
    await onAll(group, (rank) => rank.barrier())
    group[0]?.abort(new Error('disk full'))
    expect(await endings(group.map((rank) => rank.barrier()))).toEqual([told, told])
  })

  test('the first failure is the one that is told, with its cause', async () => {
    const group = inMemoryGroup(2)
    const cause = new Error('disk full')
    group[1]?.abort(cause)
    group[0]?.abort(new Error('and then this'))
    await expect(group[0]?.barrier()).rejects.toMatchObject({ message: told, cause })
  })

  test('a group of its own is not concerned', async () => {
    inMemoryGroup(2)[0]?.abort(new Error('disk full'))
    singleProcess.abort(new Error('disk full'))
    expect(await endings(inMemoryGroup(2).map((rank) => rank.barrier()))).toEqual(['done', 'done'])
    expect(await endings([singleProcess.barrier()])).toEqual(['done'])
  })
})
