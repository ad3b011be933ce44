import { every, type Hook, metrics, type NamedArrays, train } from '@hookstep/catalogue'
import {
  type StatisticsContext,
  type StatisticsOptions,
  statistics,
  statisticsMeasured,
} from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { inMemoryGroup } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { at, liveModel, type Options, trainWith } from './runs.ts'

const small: Options = {
  backend: plainBackend({ layers: [2, 3, 1], momentum: 0 }),
  data: line({ inputs: 2 }),
  batchSize: 16,
  steps: 9,
  learningRate: 0.05,
}

/** Measures a kernel that was set to these values, in an update that changes nothing. */
async function measured(values: readonly number[], bins?: number): Promise<StatisticsContext> {
  const found: StatisticsContext[] = []
  const model = liveModel()
  const setting = at(train.ready, () =>
    model.parameters.write({
      'layer1/kernel': { data: Float32Array.from(values), shape: [values.length, 1] },
      'layer1/bias': { data: Float32Array.of(0), shape: [1] },
    }),
  )
  const report = (statistics: StatisticsContext) => found.push(statistics)
  const measuring = statistics({ when: every('1 steps'), report, ...(bins && { bins }) })
  await trainWith([model.hook, setting, measuring], {
    ...small,
    backend: plainBackend({ layers: [values.length, 1], readbackLag: 1 }),
    data: line({ inputs: values.length }),
    steps: 1,
    learningRate: 0,
  })
  return found[0] ?? expect.fail('nothing was measured')
}

describe('statistics', () => {
  test('tell norm, mean, range and histogram of each array', async () => {
    const { parameters } = await measured([-2, -1, 0, 1, 1, 4], 3)
    expect(parameters['layer1/kernel']).toEqual({
      count: 6,
      nonFinite: 0,
      norm: Math.sqrt(23),
      mean: 0.5,
      standardDeviation: Math.sqrt((6.25 + 2.25 + 0.25 + 0.25 + 0.25 + 12.25) / 6),
      minimum: -2,
      maximum: 4,
      histogram: { from: -2, to: 4, counts: [2, 3, 1] },
    })
  })

  test('have a histogram of equal numbers, too', async () => {
    const { parameters } = await measured([3, 3], 2)
    expect(parameters['layer1/kernel']).toMatchObject({
      standardDeviation: 0,
      histogram: { from: 3, to: 3, counts: [2, 0] },
    })
  })

  test('count what is not finite, and leave it out', async () => {
    const failing = await measured([Number.NaN, 1, Infinity, 3], 2).catch((error) => String(error))
    expect(failing).toContain('the loss of step 1 is NaN')
  })

  test('are those of the step: its new parameters and the gradients that made them', async () => {
    const model = liveModel()
    let before: NamedArrays = {}
    const differences: number[] = []
    const remembering = at(train.optimizer_step.pre, async () => {
      before = await model.parameters.read()
    })
    const comparing = at(statisticsMeasured, async ({ parameters, gradients }) => {
      const after = await model.parameters.read()
      for (const [name, { data }] of Object.entries(after)) {
        const used = [...data].map((value, i) => ((before[name]?.data[i] as number) - value) / 0.05)
        differences.push(Math.hypot(...used) - (gradients[name]?.norm as number))
        differences.push(Math.hypot(...data) - (parameters[name]?.norm as number))
      }
    })
    await trainWith([model.hook, remembering, comparing, statistics({ when: every('3 steps') })], small)
    expect(differences).toHaveLength(3 * 2 * 4)
    for (const difference of differences) expect(Math.abs(difference)).toBeLessThan(1e-4)
  })

  test('come when they are due, to handlers of their event and to who asked for a report', async () => {
    const told: string[] = []
    const report = ({ step }: StatisticsContext) => told.push(`report ${step}`)
    const listening = at(statisticsMeasured, ({ step }) => told.push(`event ${step}`))
    await trainWith([listening, statistics({ when: every('4 steps'), report })], small)
    expect(told).toEqual(['report 4', 'event 4', 'report 8', 'event 8'])
  })

  test('are told to whoever writes numbers down', async () => {
    const numbers: Record<string, number> = {}
    const histograms: Record<string, unknown> = {}
    const listening: Hook = {
      name: 'listening',
      setup(run) {
        run.subscribe(metrics.measured, ({ source, step, values }) => {
          for (const [name, value] of Object.entries(values)) numbers[`${source} ${step} ${name}`] = value
        })
        run.subscribe(metrics.media, ({ name, step, media }) => {
          histograms[`${name} ${step}`] = media
        })
      },
    }
    const found: StatisticsContext[] = []
    const taking = statistics({ when: every('9 steps'), bins: 2, report: (all) => found.push(all) })
    await trainWith([listening, taking], { ...small, backend: plainBackend({ layers: [2, 1], momentum: 0 }) })
    const { norm, minimum, maximum, standardDeviation, histogram } =
      found[0]?.gradients['layer1/kernel'] ?? expect.fail('nothing was measured')
    expect(numbers).toMatchObject({
      'statistics 9 gradients/layer1/kernel/norm': norm,
      'statistics 9 gradients/layer1/kernel/standard_deviation': standardDeviation,
      'statistics 9 parameters/layer1/bias/non_finite': 0,
    })
    expect(Object.keys(numbers)).toHaveLength(4 * 6)
    expect(histograms).toMatchObject({
      'gradients/layer1/kernel 9': {
        kind: 'histogram',
        edges: [minimum, (minimum + maximum) / 2, maximum],
        counts: histogram.counts,
      },
    })
    expect(Object.keys(histograms)).toEqual(
      ['parameters', 'gradients'].flatMap((group) =>
        ['kernel', 'bias'].map((name) => `${group}/layer1/${name} 9`),
      ),
    )
  })

  test('read nothing where nobody listens', async () => {
    const { summary } = await trainWith([statistics({ when: every('1 steps') })], small)
    expect(summary.hostSyncs).toBe((await trainWith([], small)).summary.hostSyncs)
  })

  test("come from the main rank, and are the global batch's", async () => {
    const options: StatisticsOptions = { when: every('1 steps') }
    const collect = async (run: Options): Promise<StatisticsContext[]> => {
      const found: StatisticsContext[] = []
      const listening = at(statisticsMeasured, (statistics) => found.push(statistics))
      await trainWith([listening, statistics(options)], { ...run, shuffle: false, steps: 1 })
      return found
    }
    const [alone] = await collect(small)
    const [main, other] = await Promise.all(
      inMemoryGroup(2).map((distributed) => collect({ ...small, batchSize: 8, distributed })),
    )
    expect(other).toEqual([])
    for (const [name, { norm }] of Object.entries(alone?.gradients ?? {})) {
      expect(main?.[0]?.gradients[name]?.norm).toBeCloseTo(norm, 5)
    }
  })

  test.each<[StatisticsOptions, string]>([
    [{ bins: 0 }, 'bins is 0; it must be a positive whole number'],
    [{ when: 100 as never }, '100 is not a trigger'],
  ])('refuses %j', (options, message) => {
    expect(() => statistics(options)).toThrow(message)
  })
})
