import { evaluate, every, type NamedArrays, train } from '@hookstep/catalogue'
import { earlyStopping, type WeightAverageOptions, weightAverage } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { inMemoryGroup, Trainer } from '@hookstep/trainer'
import { describe, expect, test, vi } from 'vitest'
import {
  at,
  expectSameEndAfterFailure,
  expectSameEndFromAnywhere,
  liveModel,
  type Options,
  trainWith,
} from './runs.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})

/** Small batches and a high rate: the parameters go up and down, their average less so. */
const restless: Options = {
  backend: plainBackend({ layers: [2, 3, 1] }),
  data: line({ samples: 24, inputs: 2, noise: 0.3 }),
  batchSize: 4,
  epochs: 5,
  learningRate: 0.1,
  evaluate: { data: line({ samples: 16, inputs: 2, seed: 1 }), when: every('4 steps', { last: true }) },
}

/** The formula once more, number by number: avg + (1 - d) * (value - avg), rounded to float32. */
function averageOf(history: readonly NamedArrays[], decay: number): Record<string, number[]> {
  const [first = {}, ...later] = history
  const means = Object.fromEntries(Object.entries(first).map(([name, { data }]) => [name, [...data]]))
  for (const [index, parameters] of later.entries()) {
    const d = Math.min(decay, (2 + index) / (11 + index))
    for (const [name, mean] of Object.entries(means)) {
      const latest = parameters[name]?.data ?? []
      means[name] = mean.map((old, i) => Math.fround(old + (1 - d) * ((latest[i] as number) - old)))
    }
  }
  return means
}

function numbers(arrays: NamedArrays): Record<string, number[]> {
  return Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, [...data]]))
}

/** The parameters after each step, and those that each evaluation saw. */
async function watched(options: WeightAverageOptions, run: Options = restless) {
  const model = liveModel()
  const trained: NamedArrays[] = []
  const evaluated: [step: number, NamedArrays][] = []
  const outcome = await trainWith(
    [
      model.hook,
      at(train.optimizer_step.post, async () => trained.push(await model.parameters.read())),
      at(evaluate.step.pre, async ({ step }) => evaluated.push([step, await model.parameters.read()])),
      weightAverage(options),
    ],
    run,
  )
  return { ...outcome, trained, evaluated }
}

describe('a weight average', () => {
  test.each([0.5, 0.999])(
    'is what evaluations see and what the model has at the end, decay %d',
    async (decay) => {
      const { trained, evaluated, parameters } = await watched({ decay })
      expect(evaluated.length).toBeGreaterThan(7)
      for (const [step, seen] of evaluated)
        expect(numbers(seen)).toEqual(averageOf(trained.slice(0, step), decay))
      expect(numbers(parameters)).toEqual(averageOf(trained, decay))
    },
  )

  test('does not change what is trained', async () => {
    const { states } = await trainWith([weightAverage()], restless)
    const { states: without } = await trainWith([], restless)
    expect(states.map(({ session }) => session)).toEqual(without.map(({ session }) => session))
  })

  test('evaluates better than parameters that go up and down', async () => {
    const averaged = await trainWith([weightAverage({ decay: 0.95 })], restless)
    const { summary } = await trainWith([], restless)
    expect(averaged.summary.lastEvaluation?.loss).toBeLessThan(summary.lastEvaluation?.loss as number)
  })

  test('can be taken from time to time', async () => {
    const { trained, parameters, summary } = await watched({ decay: 0.9, when: every('5 steps') })
    const every5th = trained.filter((_, at) => (at + 1) % 5 === 0)
    expect(every5th).toHaveLength(summary.steps / 5)
    expect(numbers(parameters)).toEqual(averageOf(every5th, 0.9))
  })

  test('leaves out steps that were skipped', async () => {
    const skipping = at(train.step.pre, ({ step }, run) => step % 2 === 0 && run.skipStep('every other'))
    const model = liveModel()
    const updates: NamedArrays[] = []
    const collecting = at(train.optimizer_step.post, async () => updates.push(await model.parameters.read()))
    const hooks = [skipping, model.hook, collecting, weightAverage({ decay: 0.9 })]
    const { parameters, summary } = await trainWith(hooks, restless)
    expect(updates).toHaveLength(summary.steps / 2)
    expect(numbers(parameters)).toEqual(averageOf(updates, 0.9))
  })

  test('comes to the same end wherever it is interrupted', { timeout: 30_000 }, async () => {
    await expectSameEndFromAnywhere(() => [weightAverage({ decay: 0.9 })], restless)
    await expectSameEndFromAnywhere(() => [weightAverage({ when: every('4 steps') })], restless)
  })

  test.each([train.optimizer_step.post, evaluate.pre, evaluate.step.post, evaluate.post])(
    'goes on after a failure at $id as if there had been none',
    async (event) => {
      await expectSameEndAfterFailure<object>(() => [weightAverage({ decay: 0.9 })], restless, event)
    },
  )

  test('with early stopping before it, the best average comes back', async () => {
    const hooks = () => [earlyStopping({ patience: 2, minimumChange: 0.02 }), weightAverage({ decay: 0.9 })]
    const evaluations: number[] = []
    const listening = at(evaluate.post, ({ values }) => evaluations.push(values.loss as number))
    await using trainer = new Trainer({ ...restless, epochs: 50, hooks: [listening, ...hooks()] })
    const { outcome } = await trainer.train()
    const { loss } = await trainer.evaluate(line({ samples: 16, inputs: 2, seed: 1 }))
    expect(outcome).toBe('stopped')
    expect(loss).toBe(evaluations.at(-3))
    await expectSameEndFromAnywhere(hooks, { ...restless, epochs: 50 })
  })

  test('a run that fails in an evaluation has the trained parameters back', async () => {
    const model = liveModel()
    let trained: NamedArrays = {}
    const hooks = [
      model.hook,
      at(train.optimizer_step.post, async () => {
        trained = await model.parameters.read()
      }),
      weightAverage(),
      at(evaluate.step.post, () => Promise.reject(new Error('on purpose'))),
    ]
    await using trainer = new Trainer({ ...restless, hooks })
    await expect(trainer.train()).rejects.toThrow('on purpose')
    expect(await model.parameters.read()).toEqual(trained)
  })

  test('is the same on every rank', async () => {
    const [one, other] = await Promise.all(
      inMemoryGroup(2).map((distributed) =>
        trainWith([weightAverage({ decay: 0.9 })], { ...restless, batchSize: 2, distributed }),
      ),
    )
    expect(one?.parameters).toEqual(other?.parameters)
    expect(one?.summary.lastEvaluation).toEqual(other?.summary.lastEvaluation)
  })

  test.each<[WeightAverageOptions, string]>([
    [{ decay: 1 }, 'decay is 1; it must be between 0 and 1'],
    [{ when: '10 steps' as never }, '"10 steps" is not a trigger'],
  ])('refuses %j', (options, message) => {
    expect(() => weightAverage(options)).toThrow(message)
  })
})
