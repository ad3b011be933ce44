import { train } from '@hookstep/catalogue'
import { type LearningRateFinder, type LearningRateFinderOptions, learningRateFinder } from '@hookstep/hooks'
import { corners, line, plainBackend } from '@hookstep/testing'
import { cosine, Trainer } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { at, type Options, trainWith } from './runs.ts'

const classes: Options = {
  backend: plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy' }),
  data: corners(),
  batchSize: 32,
  steps: 200,
}

const range: LearningRateFinderOptions = { from: 1e-4, to: 1000, steps: 100 }

async function found(options = range, run = classes): Promise<LearningRateFinder> {
  const finder = learningRateFinder(options)
  await trainWith([finder], run)
  return finder
}

describe('the learning-rate finder', () => {
  test('lets the rate grow by the same factor with each step, whatever the schedule says', async () => {
    const rates: number[] = []
    const steps = at(train.step.pre, ({ learningRate }) => rates.push(learningRate))
    const finder = learningRateFinder({ from: 0.001, to: 1, steps: 4, divergence: 100 })
    const { summary } = await trainWith([steps, finder], { ...classes, learningRate: cosine({ from: 7 }) })
    expect(rates.map((rate) => rate.toPrecision(6))).toEqual([
      '0.00100000',
      '0.0100000',
      '0.100000',
      '1.00000',
    ])
    expect(summary.reason).toBe('all learning rates up to 1 have been tried')
    expect(finder.points.map(({ rate }) => rate)).toEqual(rates)
  })

  test('ends where the loss diverges, before it spoils the parameters', async () => {
    const finder = learningRateFinder(range)
    const { summary, parameters } = await trainWith([finder], classes)
    expect(summary.reason).toMatch(/^the loss diverges at a learning rate of \d/)
    expect(summary.steps).toBe(finder.points.length + 1)
    expect(Object.values(parameters).every(({ data }) => data.every(Number.isFinite))).toBe(true)
  })

  test('a loss that is no number is the end as well', async () => {
    const outOfRange = { ...range, to: 1e30, divergence: Infinity }
    const regression: Options = { ...classes, backend: plainBackend(), data: line() }
    const { summary } = await trainWith([learningRateFinder(outOfRange)], regression)
    expect(summary.reason).toMatch(/^the loss diverges/)
  })

  test('smooths the loss, from the first one on', async () => {
    const { points } = await found({ ...range, smoothing: 0.5 })
    const [a = 0, b = 0, c = 0] = points.map(({ loss }) => loss)
    expect(points[0]?.smoothed).toBeCloseTo(a, 12)
    expect(points[1]?.smoothed).toBeCloseTo((a + 2 * b) / 3, 12)
    expect(points[2]?.smoothed).toBeCloseTo((a + 2 * b + 4 * c) / 7, 12)
  })

  test('suggests a rate that learns', async () => {
    const { suggestion } = await found()
    const lossWith = async (learningRate: number): Promise<number> => {
      await using trainer = new Trainer({ ...classes, learningRate })
      await trainer.train()
      return (await trainer.evaluate(corners({ seed: 1 }))).loss as number
    }
    const suggested = suggestion ?? expect.fail('there is no suggestion')
    expect(await lossWith(suggested)).toBeLessThan(0.3)
    expect(await lossWith(suggested / 1000)).toBeGreaterThan(0.6)
  })

  test('suggests nothing where the loss never fell', () => {
    expect(learningRateFinder().suggestion).toBeUndefined()
  })

  test('goes on from a checkpoint with what it has seen', async () => {
    const whole = learningRateFinder(range)
    const { states } = await trainWith([whole], classes)
    const resumed = learningRateFinder(range)
    await trainWith([resumed], classes, states[9])
    expect(resumed.points).toEqual(whole.points)
    expect(resumed.suggestion).toBe(whole.suggestion)
  })

  test.each<[LearningRateFinderOptions, string]>([
    [{ from: 0 }, 'from is 0; it must be a positive number'],
    [{ from: 1, to: 0.1 }, 'to is 0.1; it must be more than 1'],
    [{ steps: 1 }, 'steps is 1; it must be a whole number from 2 on'],
    [{ smoothing: 1 }, 'smoothing is 1; it must be from 0 to below 1'],
    [{ divergence: 1 }, 'divergence is 1; it must be more than 1'],
  ])('refuses %j', (options, message) => {
    expect(() => learningRateFinder(options)).toThrow(message)
  })
})
