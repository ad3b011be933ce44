import { type Batch, type Dataset, random } from '@hookstep/trainer'
import { describe, expect, it } from 'vitest'
import { loadDigits } from '../src/digits.ts'
import { jitter } from '../src/jitter.ts'
import { recipes } from '../src/recipes.ts'

const { train, validation, test } = loadDigits(recipes.mlp.jitter)

const all = async (digits: Dataset): Promise<Batch> =>
  digits.batch(
    Uint32Array.from({ length: digits.length }, (_, index) => index),
    random(0),
  )

describe('the digits', () => {
  it('are 10,000 in three parts', () => {
    expect([train.length, validation.length, test.length]).toEqual([8500, 500, 1000])
  })

  it('are pictures of 784 pixels, paper 0 and ink 1, and of each digit many', async () => {
    const { inputs, targets } = await all(test)
    const pixels = inputs?.data as Float32Array
    expect(inputs?.shape).toEqual([1000, 784])
    expect([pixels.reduce((a, b) => Math.min(a, b)), pixels.reduce((a, b) => Math.max(a, b))]).toEqual([0, 1])
    const counts = Array.from(
      { length: 10 },
      (_, digit) => targets?.data.filter((target) => target === digit).length,
    )
    expect(Math.min(...counts.map(Number))).toBeGreaterThan(70)
  })

  it('that test are none of those that train or validate', async () => {
    const plain = loadDigits({ shift: 0, turn: 0, stretch: 0 })
    const pictures = async (digits: Dataset): Promise<string[]> => {
      const { data } = (await all(digits)).inputs as Batch[string]
      return Array.from({ length: digits.length }, (_, at) => data.slice(at * 784, (at + 1) * 784).join())
    }
    const seen = new Set([...(await pictures(plain.train)), ...(await pictures(plain.validation))])
    expect((await pictures(plain.test)).filter((picture) => seen.has(picture))).toEqual([])
  })

  it('that train are moved differently each time, but alike from one stream', async () => {
    const batch = async (key: number): Promise<unknown> =>
      (await train.batch(Uint32Array.of(5), random(0, key))).inputs
    expect(await batch(1)).toEqual(await batch(1))
    expect(await batch(1)).not.toEqual(await batch(2))
  })
})

describe('jitter', () => {
  /** A picture of 5 by 5 with ink in the middle. */
  const dot = Float32Array.from({ length: 25 }, (_, pixel) => (pixel === 12 ? 1 : 0))

  it('leaves a picture as it is where nothing may move', () => {
    expect(jitter(dot, 5, { shift: 0, turn: 0, stretch: 0 }, random(0))).toEqual(dot)
  })

  it('keeps the ink, within a pixel of where it was', () => {
    const moved = jitter(dot, 5, { shift: 1, turn: 0.1, stretch: 0 }, random(3))
    const ink = [...moved].map((value, pixel) => ({ value, pixel })).filter(({ value }) => value > 0)
    expect(ink.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(1, 1)
    expect(ink.every(({ pixel }) => [6, 7, 8, 11, 12, 13, 16, 17, 18].includes(pixel))).toBe(true)
    expect(moved).not.toEqual(dot)
  })
})
