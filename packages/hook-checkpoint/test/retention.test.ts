import { describe, expect, test } from 'vitest'
import type { Manifest } from '../src/manifest.ts'
import type { Keep } from '../src/options.ts'
import { checkKeep, expired } from '../src/retention.ts'

describe('retention removes', () => {
  const losses = [0.5, 0.2, NaN, 0.2, 0.9, 0.4]
  const manifests = losses.map((loss, at) => checkpoint(at + 1, { metrics: { loss } }))
  const kept = (keep: Keep, among: readonly Manifest[] = manifests): string => {
    const removed = new Set(expired(among, keep))
    return among.flatMap(({ name, sequence }) => (removed.has(name) ? [] : [sequence])).join(' ')
  }

  test('all but the last three, unless told otherwise', () => {
    expect([kept({}), kept({ last: 1 }), kept({ last: 9 })]).toEqual(['4 5 6', '6', '1 2 3 4 5 6'])
  })

  test('never the newest', () => {
    expect([kept({ last: 0 }), expired([checkpoint(7)], { last: 0 }), expired([], {})]).toEqual(['6', [], []])
  })

  test('not the best by a metric; of equal ones the first, and NaN is never best', () => {
    const best = (count: number, mode: 'min' | 'max' = 'min'): string =>
      kept({ last: 1, best: { metric: 'loss', mode, count } })
    expect([best(1), best(2), best(3), best(9), best(1, 'max')]).toEqual([
      '2 6',
      '2 6',
      '1 2 6',
      '1 2 5 6',
      '5 6',
    ])
  })

  test('not what was evaluated as the best, whatever was saved since', () => {
    const values = [0.9, 0.2, 0.2, 0.2, 0.5, 0.5, 0.7]
    const among = values.map((loss, at) => checkpoint(at + 1, { metrics: { loss } }))
    const best = (count: number): string =>
      kept({ last: 1, best: { metric: 'loss', mode: 'min', count } }, among)
    expect([best(1), best(2), best(4)]).toEqual(['2 7', '2 5 7', '1 2 5 7'])
  })

  test('nothing more for a metric that nobody has', () => {
    expect(kept({ last: 1, best: { metric: 'toString', mode: 'max' } })).toBe('6')
  })

  test('not what is pinned, which counts among the last as well', () => {
    const pinned = manifests.map((manifest) => ({ ...manifest, pinned: manifest.sequence % 3 === 0 }))
    expect([kept({ last: 1 }, pinned), kept({ last: 2 }, pinned)]).toEqual(['3 6', '3 5 6'])
  })

  test('not the last two where there are several ranks', () => {
    expect(
      kept(
        { last: 1 },
        manifests.map((manifest) => ({ ...manifest, worldSize: 2 })),
      ),
    ).toBe('5 6')
  })
})

test('whatever there is and whatever is to be kept: the promises hold', () => {
  const seed = Date.now() % 2 ** 31
  const random = lehmer(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  for (let trial = 0; trial < 2000; trial++) {
    const manifests = shuffled(below(9), below).map((sequence) =>
      checkpoint(sequence, {
        pinned: below(5) === 0,
        worldSize: 1 + below(2),
        metrics: below(4) === 0 ? {} : { loss: [0, -0, 1, 2, NaN, Infinity, -Infinity][below(7)] as number },
      }),
    )
    const mode = below(2) === 0 ? 'min' : 'max'
    const keep: Keep = {
      last: below(4),
      ...(below(2) && { best: { metric: 'loss', mode, count: 1 + below(3) } }),
    }
    const removed = expired(manifests, keep)
    const left = manifests.filter(({ name }) => !removed.includes(name))
    const told = `seed ${seed}, trial ${trial}`
    expect(new Set(removed).size, told).toBe(removed.length)
    expect(left.length, told).toBe(manifests.length - removed.length)
    expect(left.length, told).toBeGreaterThanOrEqual(Math.min(manifests.length, Math.max(1, keep.last ?? 3)))
    expect(newest(left), told).toBe(newest(manifests))
    expect(
      manifests.filter(({ pinned, name }) => pinned && removed.includes(name)),
      told,
    ).toEqual([])
    // What was left once is left again.
    expect(expired(left, keep), told).toEqual([])
    if (keep.best) expect(bestLoss(left, mode), told).toBe(bestLoss(manifests, mode))
  }
})

test('what cannot be kept is refused when it is said', () => {
  const best = { metric: 'loss', mode: 'min' } as const
  expect(() => checkKeep({ last: 1.5 })).toThrow('keep.last is 1.5; it must be a whole number from 0 on')
  expect(() => checkKeep({ best: { ...best, count: 0 } })).toThrow('keep.best.count is 0')
  expect(() => checkKeep({ best: { ...best, mode: 'least' as 'min' } })).toThrow(/"least".*'min' or 'max'/)
  expect(() => checkKeep({ best: { ...best, metric: '' } })).toThrow('must name a metric')
  expect(checkKeep({ last: 0, best })).toBe(undefined)
})

function checkpoint(sequence: number, facts: Partial<Manifest> = {}): Manifest {
  return {
    format: 'hookstep-checkpoint',
    version: 1,
    kind: 'train',
    name: `step-${String(sequence).padStart(8, '0')}`,
    sequence,
    step: sequence,
    isWithinStep: false,
    rank: 0,
    worldSize: 1,
    created: '2026-01-01T00:00:00.000Z',
    reasons: [],
    metrics: {},
    pinned: false,
    files: {},
    sha256: '',
    ...facts,
  }
}

function newest(manifests: readonly Manifest[]): number {
  return Math.max(...manifests.map(({ sequence }) => sequence))
}

function bestLoss(manifests: readonly Manifest[], mode: 'min' | 'max'): number {
  const losses = manifests.map(({ metrics }) => metrics.loss ?? NaN).filter((loss) => !Number.isNaN(loss))
  return Math[mode](...losses) + 0
}

/** The numbers from 1 to `count`, in any order. */
function shuffled(count: number, below: (limit: number) => number): number[] {
  const list = Array.from({ length: count }, (_, at) => at + 1)
  for (let at = count - 1; at > 0; at--) {
    const other = below(at + 1)
    ;[list[at], list[other]] = [list[other] as number, list[at] as number]
  }
  return list
}

/** Lehmer's generator with the constants of Park and Miller. */
function lehmer(seed: number): () => number {
  let state = (seed % 2147483646) + 1
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}
