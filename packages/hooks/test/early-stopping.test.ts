import { at as dueAt, evaluate, every, type NamedArrays, type RunState, train } from '@hookstep/catalogue'
import { type EarlyStoppingOptions, earlyStopping } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { sequence, Trainer } from '@hookstep/trainer'
import { describe, expect, test, vi } from 'vitest'
import {
  at,
  expectSameEndAfterFailure,
  expectSameEndFromAnywhere,
  liveModel,
  type Options,
  trainWith,
} from './runs.ts'

const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})

/** Learns for two epochs of four steps; then the learning rate is far too high, and it gets worse and worse. */
const spoiling: Options = {
  backend: plainBackend(),
  data: line(),
  batchSize: 16,
  epochs: 10,
  learningRate: sequence([8, 0.2], 1.5),
  evaluate: { data: line({ seed: 1 }) },
}

async function stepsWith(options: EarlyStoppingOptions, run: Options = spoiling): Promise<number> {
  return (await trainWith([earlyStopping(options)], run)).summary.steps
}

describe('early stopping', () => {
  test('ends a run that gets no better, and gives the model back its best parameters', async () => {
    const model = liveModel()
    const evaluations: { loss: number; parameters: NamedArrays }[] = []
    const watching = at(evaluate.post, async ({ values }) => {
      evaluations.push({ loss: values.loss as number, parameters: await model.parameters.read() })
    })
    const hooks = [model.hook, watching, earlyStopping({ patience: 3 })]
    await using trainer = new Trainer({ ...spoiling, hooks })
    const summary = await trainer.train()

    const losses = evaluations.map(({ loss }) => loss)
    const best = losses.indexOf(Math.min(...losses))
    expect(summary).toMatchObject({
      outcome: 'stopped',
      reason: 'loss was no better 3 times in a row',
      requestedBy: 'early-stopping',
      steps: 4 * (best + 1 + 3),
    })
    expect(await model.parameters.read()).toEqual(evaluations[best]?.parameters)
    expect(await trainer.evaluate(line({ seed: 1 }))).toMatchObject({ loss: losses[best] })
  })

  test('comes to the same end wherever it is interrupted', async () => {
    await expectSameEndFromAnywhere(() => [earlyStopping({ patience: 3 })], spoiling)
  })

  test('counts an evaluation once that is told again after a failure', async () => {
    await expectSameEndAfterFailure(() => [earlyStopping({ patience: 3 })], spoiling, evaluate.post)
  })

  test('a run that it stopped is stopped there again, unless it is given more patience', async () => {
    const { states, summary } = await trainWith([earlyStopping({ patience: 2 })], spoiling)
    const last = states.at(-1) as RunState
    const again = await trainWith([earlyStopping({ patience: 2 })], spoiling, last)
    const patient = await trainWith([earlyStopping({ patience: 4 })], spoiling, last)
    const once = await trainWith([earlyStopping({ patience: 4 })], spoiling)
    expect(again.summary).toMatchObject({ outcome: 'stopped', steps: summary.steps })
    expect(patient.summary).toMatchObject({ outcome: 'stopped', steps: summary.steps + 8 })
    expect(patient.parameters).toEqual(once.parameters)
  })

  test('leaves the last parameters where the best are not to be restored', async () => {
    const { states, parameters, summary } = await trainWith([earlyStopping({ restoreBest: false })], spoiling)
    expect(parameters).toEqual(states.at(-1)?.session.parameters)
    expect(summary.hostSyncs).toBe(
      (await trainWith([], { ...spoiling, steps: summary.steps })).summary.hostSyncs,
    )
  })

  test('keeps the last parameters of a run that failed', async () => {
    const model = liveModel()
    let last: NamedArrays = {}
    const failing = at(train.step.post, async ({ step }) => {
      last = await model.parameters.read()
      if (step === 11) throw new Error('on purpose')
    })
    await using trainer = new Trainer({ ...spoiling, hooks: [model.hook, earlyStopping(), failing] })
    await expect(trainer.train()).rejects.toThrow('on purpose')
    expect(await model.parameters.read()).toEqual(last)
  })

  test('looks only once it was to start', async () => {
    expect(await stepsWith({ patience: 2 })).toBe(16)
    expect(await stepsWith({ patience: 2, startFrom: dueAt('5 epochs') })).toBe(28)
  })

  test('a small change is no change', async () => {
    const steady: Options = { ...spoiling, learningRate: 0.001 }
    expect(await stepsWith({ patience: 2 }, steady)).toBe(40)
    expect(await stepsWith({ patience: 2, minimumChange: 0.5 }, steady)).toBe(12)
  })

  test('large can be good', async () => {
    expect(await stepsWith({ metric: 'absolute_error', mode: 'min', patience: 2 })).toBe(16)
    expect(await stepsWith({ metric: 'absolute_error', mode: 'max', patience: 1 })).toBe(8)
  })

  test('goes by what is logged where it is told to', async () => {
    const losses: number[] = []
    const listening = at(train.log, ({ values }) => losses.push(values.loss as number))
    const hooks = [listening, earlyStopping({ of: 'log', patience: 5 })]
    const { summary } = await trainWith(hooks, { ...spoiling, log: every('2 steps') })
    expect(summary).toMatchObject({ outcome: 'stopped', steps: 2 * losses.length })
    expect(losses.indexOf(Math.min(...losses))).toBe(losses.length - 1 - 5)
  })

  test('a value that is no number is no better', async () => {
    const burst: Options = { ...spoiling, learningRate: sequence([8, 0.2], 1e30), nonFiniteLoss: 'skip' }
    const { summary, parameters } = await trainWith([earlyStopping({ patience: 2 })], burst)
    const before = await trainWith([], { ...burst, epochs: 2 })
    expect(summary).toMatchObject({ outcome: 'stopped', steps: 16 })
    expect(parameters).toEqual(before.parameters)
  })

  test('says that it had nothing to look at', async () => {
    const { evaluate: _, ...bare } = spoiling
    const { summary } = await trainWith([earlyStopping()], { ...bare, epochs: 1 })
    expect(summary.warnings).toEqual(['early-stopping: no evaluation had a finite loss: nothing was done'])
    expect(warn).toHaveBeenCalled()
  })

  test('a metric that evaluations do not have is an error that names those they have', async () => {
    await expect(stepsWith({ metric: 'accuracy', mode: 'max' })).rejects.toThrow(
      'earlyStopping: the evaluation has no "accuracy"; it has loss, absolute_error',
    )
  })

  test.each<[EarlyStoppingOptions, string]>([
    [{ metric: 'accuracy' }, "mode: 'min' or mode: 'max': is a small or a large accuracy good?"],
    [{ patience: 0 }, 'patience is 0; it must be a positive whole number'],
    [{ minimumChange: -1 }, 'minimumChange is -1; it must be at least 0'],
    [{ of: 'training' as 'log' }, "of is 'training'; it must be 'evaluation' or 'log'"],
    [{ of: 'log', restoreBest: true }, "restoreBest is true; it must be false with of: 'log'"],
    [{ startFrom: 5 as never }, '5 is not a trigger'],
  ])('refuses %j', (options, message) => {
    expect(() => earlyStopping(options)).toThrow(message)
  })
})
