import { type Random, random } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const draw = (stream: Random, count: number): number[] => Array.from({ length: count }, () => stream.next())

/** The 32 random bits behind each number. */
const bits = (stream: Random, count: number): number[] =>
  draw(stream, count).map((number) => number * 2 ** 32)

/**
 * These numbers are kept for good: a stream that gave others would give a resumed run another data order.
 */
describe('a stream gives the same numbers for ever', () => {
  test('of a seed', () => {
    expect(bits(random(0), 4)).toEqual([1326517017, 1489356243, 2268688101, 1185072522])
    expect(bits(random(1), 4)).toEqual([1572419186, 1636159537, 1481955305, 365467910])
    expect(bits(random(2 ** 53 - 1), 4)).toEqual([2477642282, 3950859587, 229382705, 2912716517])
  })

  test('of a seed and keys', () => {
    expect(bits(random(0, 'order', 1), 4)).toEqual([1014553790, 325084273, 2630031370, 3769416399])
    expect(bits(random(0, 'batch', 1, 64), 4)).toEqual([2627317720, 3542225553, 2299125036, 2574409277])
    expect(bits(random(7, 'ключ/key %'), 4)).toEqual([908421358, 2133100105, 2836389477, 1109969308])
  })

  test('after a thousand of them', () => {
    const stream = random(0)
    draw(stream, 1000)
    expect(bits(stream, 2)).toEqual([4206410584, 2274822450])
  })

  test('below a bound', () => {
    const stream = random(3, 'below')
    expect(Array.from({ length: 16 }, () => stream.below(10))).toEqual([
      8, 6, 2, 5, 2, 6, 6, 7, 0, 1, 2, 2, 5, 4, 2, 5,
    ])
  })

  test('normally distributed, up to the last bits of the engine', () => {
    const stream = random(3, 'normal')
    const numbers = Array.from({ length: 4 }, () => Number(stream.normal().toPrecision(12)))
    expect(numbers).toEqual([1.20870189568, -1.51882648197, 0.698467370283, -0.223940654317])
  })
})

test('is sfc32, seeded by chains of the MurmurHash3 finalizer: the same as with big integers', () => {
  for (const [seed, keys] of [
    [0, []],
    [5, ['order', 3]],
    [123456789, ['batch', 2, 4096]],
  ] as const) {
    const next = sfc32OfBigInts([seed, ...keys].join('/'))
    expect(bits(random(seed, ...keys), 100)).toEqual(Array.from({ length: 100 }, () => Number(next())))
  }
})

/** The generator again, from its definition, in arithmetic that cannot overflow. */
function sfc32OfBigInts(text: string): () => bigint {
  const wrap = (value: bigint) => value & 0xffffffffn
  const mix = (value: bigint) => {
    const first = wrap((value ^ (value >> 16n)) * 0x85ebca6bn)
    const second = wrap((first ^ (first >> 13n)) * 0xc2b2ae35n)
    return second ^ (second >> 16n)
  }
  const lane = (start: bigint) => {
    const chained = [...text].reduce((hash, letter) => mix(hash ^ BigInt(letter.charCodeAt(0))), start)
    return mix(chained ^ BigInt(text.length))
  }
  let [a, b, c, counter] = [lane(0x9e3779b9n), lane(0x243f6a88n), lane(0xb7e15162n), lane(0x7ed55d16n)]
  const next = () => {
    const result = wrap(a + b + counter)
    counter = wrap(counter + 1n)
    a = b ^ (b >> 9n)
    b = wrap(c + (c << 3n))
    c = wrap(wrap((c << 21n) | (c >> 11n)) + result)
    return result
  }
  for (let round = 0; round < 12; round++) next()
  return next
}

describe('streams are independent', () => {
  test('the same seed and keys start again; another seed or key is another stream', () => {
    expect(draw(random(4, 'a', 1), 10)).toEqual(draw(random(4, 'a', 1), 10))
    const streams = [
      random(4),
      random(5),
      random(4, 'a'),
      random(4, 'b'),
      random(4, 'a', 1),
      random(4, 1, 'a'),
      random(4, 'a1'),
      random(41, 'a'),
      random(4, 'a', ''),
      random(4, 'a/1'),
      random(4, 'a%2F1'),
      random(4, 'a', 1, 1),
      random(4, 'a', 11),
    ]
    expect(new Set(streams.map((stream) => draw(stream, 3).join())).size).toBe(streams.length)
  })

  test('one stream does not move another', () => {
    const [left, right] = [random(1, 'left'), random(1, 'right')]
    const taken = Array.from({ length: 5 }, () => [left.next(), right.next()])
    expect(taken.map(([number]) => number)).toEqual(draw(random(1, 'left'), 5))
    expect(taken.map(([, number]) => number)).toEqual(draw(random(1, 'right'), 5))
  })

  test('neighbouring keys are not correlated', () => {
    for (const lag of [0, 1, 2]) {
      const pairs = Array.from({ length: 4000 }, (_, key) => [
        draw(random(0, 'batch', key), 1 + lag).at(-1) as number,
        random(0, 'batch', key + 1).next(),
      ])
      const correlation = 12 * mean(pairs.map(([x = 0, y = 0]) => (x - 0.5) * (y - 0.5)))
      // Its standard deviation is 1 / sqrt(4000).
      expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(4000))
    }
  })
})

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** Pearson's statistic of counts that are expected to be equal. */
const chiSquared = (counts: readonly number[]): number => {
  const expected = mean(counts)
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

describe('numbers are spread as they should be', () => {
  test('evenly in [0, 1), within a stream and over the first numbers of many', () => {
    const stream = random(11)
    for (const numbers of [
      draw(stream, 20_000),
      Array.from({ length: 20_000 }, (_, epoch) => random(11, 'order', epoch).next()),
    ]) {
      const counts = new Array<number>(100).fill(0)
      for (const number of numbers) {
        const at = Math.floor(number * 100)
        counts[at] = (counts[at] as number) + 1
      }
      expect(counts).toHaveLength(100)
      // Of 99 degrees of freedom: mean 99, standard deviation 14.
      expect(chiSquared(counts)).toBeGreaterThan(99 - 4 * 14)
      expect(chiSquared(counts)).toBeLessThan(99 + 4 * 14)
    }
  })

  test('every whole number below a bound, and none but those', () => {
    const stream = random(12)
    for (const bound of [1, 2, 7, 10]) {
      const counts = new Array<number>(bound).fill(0)
      for (let i = 0; i < 5000; i++) {
        const number = stream.below(bound)
        counts[number] = (counts[number] as number) + 1
      }
      expect(counts).toHaveLength(bound)
      expect(chiSquared(counts)).toBeLessThan(bound - 1 + 4 * Math.sqrt(2 * bound))
    }
    const large = Array.from({ length: 1000 }, () => stream.below(2 ** 32))
    expect(large.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32)).toBe(true)
    expect(Math.max(...large)).toBeGreaterThan(2 ** 31)
  })

  test('normal numbers have the moments and the tails of the normal distribution', () => {
    const stream = random(13)
    const numbers = Array.from({ length: 40_000 }, () => stream.normal())
    const moment = (power: number) => mean(numbers.map((number) => number ** power))
    // Four standard errors of each: sqrt((m₂ₖ - mₖ²) / n) with moments 1, 3, 15, 105 of even powers.
    const error = (variance: number) => 4 * Math.sqrt(variance / numbers.length)
    expect(Math.abs(moment(1))).toBeLessThan(error(1))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error(2))
    expect(Math.abs(moment(3))).toBeLessThan(error(15))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error(96))
    const beyondTwo = mean(numbers.map((number) => (Math.abs(number) > 2 ? 1 : 0)))
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(error(0.0455))
    expect(numbers.every(Number.isFinite)).toBe(true)
  })
})
