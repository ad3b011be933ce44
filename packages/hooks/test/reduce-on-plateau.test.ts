import { evaluate, every, train } from '@hookstep/catalogue'
import { type ReduceOnPlateauOptions, reduceOnPlateau } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { linear } from '@hookstep/trainer'
import { describe, expect, test, vi } from 'vitest'
import { at, expectSameEndFromAnywhere, type Options, trainWith } from './runs.ts'

vi.spyOn(console, 'warn').mockImplementation(() => {})

/** Batches of four noisy samples: the loss soon goes up and down about its least. */
const noisy: Options = {
  backend: plainBackend(),
  data: line({ samples: 16, noise: 0.5 }),
  batchSize: 4,
  epochs: 10,
  learningRate: 0.4,
  evaluate: { data: line({ samples: 16, noise: 0.5, seed: 1 }) },
  log: every('1 epoch'),
}

/** The learning rate of each epoch, and the loss after it. */
async function story(options: ReduceOnPlateauOptions, run: Options = noisy): Promise<string[]> {
  const lines: string[] = []
  const rates = at(train.epoch.pre, ({ epoch }) => lines.push(`epoch ${epoch}:`))
  const steps = at(train.step.pre, ({ learningRate }) => {
    lines[lines.length - 1] += ` ${Number(learningRate.toPrecision(3))}`
  })
  const losses = at(evaluate.post, ({ values }) => {
    lines[lines.length - 1] += `, then the loss is ${values.loss?.toFixed(3)}`
  })
  await trainWith([rates, steps, losses, reduceOnPlateau(options)], run)
  return lines
}

describe('reduce on plateau', () => {
  test('reduces the learning rate where the loss gets no better', async () => {
    expect(await story({ factor: 0.5, patience: 2 })).toMatchInlineSnapshot(`
      [
        "epoch 1: 0.4 0.4 0.4 0.4, then the loss is 0.998",
        "epoch 2: 0.4 0.4 0.4 0.4, then the loss is 0.196",
        "epoch 3: 0.4 0.4 0.4 0.4, then the loss is 0.239",
        "epoch 4: 0.4 0.4 0.4 0.4, then the loss is 0.245",
        "epoch 5: 0.2 0.2 0.2 0.2, then the loss is 0.156",
        "epoch 6: 0.2 0.2 0.2 0.2, then the loss is 0.176",
        "epoch 7: 0.2 0.2 0.2 0.2, then the loss is 0.153",
        "epoch 8: 0.2 0.2 0.2 0.2, then the loss is 0.163",
        "epoch 9: 0.2 0.2 0.2 0.2, then the loss is 0.148",
        "epoch 10: 0.2 0.2 0.2 0.2, then the loss is 0.184",
      ]
    `)
  })

  test('waits anew after each reduction', async () => {
    const rates: number[] = []
    const listening = at(train.epoch.pre, () => rates.push(0))
    const steps = at(train.step.pre, ({ learningRate }) => {
      rates[rates.length - 1] = learningRate
    })
    const hopeless = reduceOnPlateau({ factor: 0.5, patience: 2, minimumChange: 100 })
    await trainWith([listening, steps, hopeless], { ...noisy, epochs: 7 })
    expect(rates).toEqual([0.4, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1])
  })

  test('goes on from the rate of a schedule, and not below the least', async () => {
    const scheduled: Options = { ...noisy, epochs: 4, learningRate: linear({ from: 0.4, to: 0.01 }) }
    expect(
      await story({ factor: 0.1, patience: 1, minimumChange: 100, minimumRate: 0.02 }, scheduled),
    ).toMatchInlineSnapshot(`
      [
        "epoch 1: 0.4 0.374 0.348 0.322, then the loss is 0.644",
        "epoch 2: 0.296 0.27 0.244 0.218, then the loss is 0.192",
        "epoch 3: 0.02 0.02 0.02 0.02, then the loss is 0.177",
        "epoch 4: 0.02 0.02 0.02 0.01, then the loss is 0.160",
      ]
    `)
  })

  test('comes to the same end wherever it is interrupted', async () => {
    await expectSameEndFromAnywhere(() => [reduceOnPlateau({ factor: 0.5, patience: 2 })], noisy)
  })

  test('logs tell the rate that was used', async () => {
    const logged: unknown[] = []
    const used: number[] = []
    const hooks = [
      reduceOnPlateau({ patience: 1, minimumChange: 100 }),
      at(train.step.post, ({ learningRate }) => used.push(learningRate)),
      at(train.log, ({ values }) => logged.push(values.learning_rate)),
    ]
    await trainWith(hooks, { ...noisy, epochs: 3, log: every('1 steps') })
    expect(logged).toEqual(used)
    expect(new Set(used).size).toBe(2)
  })

  test.each<[ReduceOnPlateauOptions, string]>([
    [{ factor: 1 }, 'factor is 1; it must be between 0 and 1'],
    [{ patience: 1.5 }, 'patience is 1.5; it must be a positive whole number'],
    [{ minimumRate: Number.NaN }, 'minimumRate is NaN; it must be at least 0'],
  ])('refuses %j', (options, message) => {
    expect(() => reduceOnPlateau(options)).toThrow(message)
  })
})
