import { every, type Hook, hook as hookEvents } from '@hookstep/catalogue'
import { background, isolated, onRank } from '@hookstep/core/policies'
import {
  earlyStopping,
  learningRateFinder,
  nanGuard,
  reduceOnPlateau,
  statistics,
  timeLimit,
  weightAverage,
} from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { inMemoryGroup } from '@hookstep/trainer'
import { describe, expect, test, vi } from 'vitest'
import { at, type Options, type Outcome, trainWith } from './runs.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})

const usual: Options = {
  backend: plainBackend({ layers: [2, 4, 1] }),
  data: line({ samples: 48, inputs: 2 }),
  batchSize: 4,
  epochs: 4,
  learningRate: 0.05,
  maxGradientNorm: 1,
  evaluate: { data: line({ samples: 16, inputs: 2, seed: 1 }), when: every('6 steps') },
}

/** All of them, each so that it does something in that run. */
const hooks: Record<string, () => Hook> = {
  earlyStopping: () => earlyStopping({ patience: 2, minimumChange: 0.1 }),
  'earlyStopping without the best': () =>
    earlyStopping({ patience: 2, minimumChange: 0.1, restoreBest: false }),
  reduceOnPlateau: () => reduceOnPlateau({ patience: 1, minimumChange: 0.5 }),
  nanGuard: () => nanGuard({ spikeFactor: 2, spikeWindow: 5 }),
  timeLimit: () => timeLimit('2 hours'),
  weightAverage: () => weightAverage(),
  statistics: () => statistics({ when: every('5 steps'), report: () => {} }),
  learningRateFinder: () => learningRateFinder({ from: 0.001, to: 1, steps: 30 }),
}

function lasting({ summary, parameters, states }: Outcome): unknown {
  const { outcome, reason, steps, incidents, lastEvaluation } = summary
  return {
    outcome,
    reason,
    steps,
    incidents,
    lastEvaluation,
    parameters,
    hooks: states.map((state) => state.hooks),
  }
}

describe.each(Object.entries(hooks))('%s', (name, make) => {
  test('does the same when it is isolated', async () => {
    expect(lasting(await trainWith([isolated(make())], usual))).toEqual(
      lasting(await trainWith([make()], usual)),
    )
  })

  test('leaves alone the ranks where it is not', async () => {
    if (['earlyStopping', 'reduceOnPlateau', 'weightAverage', 'learningRateFinder'].includes(name)) return
    const [main, other] = await Promise.all(
      inMemoryGroup(2).map((distributed) =>
        trainWith([onRank('main', make())], { ...usual, batchSize: 2, distributed }),
      ),
    )
    expect(main?.summary.steps).toBe(other?.summary.steps)
    expect(main?.parameters).toEqual(other?.parameters)
  })
})

describe('in the background', () => {
  test.each(['earlyStopping without the best', 'timeLimit'])('%s does its work', async (name) => {
    const make = hooks[name] as () => Hook
    const here = await trainWith([make()], usual)
    const there = await trainWith([background(make())], usual)
    expect(there.summary.incidents).toEqual({})
    expect(there.summary.outcome).toBe(here.summary.outcome)
    expect(there.summary.reason).toBe(here.summary.reason)
    expect(there.summary.steps).toBeGreaterThanOrEqual(here.summary.steps)
  })

  test.each([
    ['reduceOnPlateau', 'train.configuration.lr_scheduler', 'adjust() can be called while'],
    ['learningRateFinder', 'train.configuration.lr_scheduler', 'adjust() can be called while'],
    ['statistics', 'train.optimizer_step.post', 'there are gradients at'],
  ])('%s comes too late, which is told', async (name, where, finding) => {
    const told: string[] = []
    const listening = at(hookEvents.failed, ({ hook, at, error }) => told.push(`${hook} at ${at}: ${error}`))
    const hook = (hooks[name] as () => Hook)()
    const { summary } = await trainWith([listening, background(hook)], usual)
    expect(summary.incidents).toHaveProperty(hook.name)
    expect(told[0]).toContain(`${hook.name} at ${where}: Error: `)
    expect(told[0]).toContain(finding)
  })

  test('weightAverage spoils what is trained, and nothing tells', async () => {
    const here = await trainWith([weightAverage({ decay: 0.9 })], usual)
    const there = await trainWith([background(weightAverage({ decay: 0.9 }))], usual)
    expect(there.summary.incidents).toEqual({})
    expect(there.parameters).not.toEqual(here.parameters)
  })
})
