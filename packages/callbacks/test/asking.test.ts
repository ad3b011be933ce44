import { type Control, callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { every } from '@hookstep/catalogue'
import { recordTrace } from '@hookstep/testing'
import { expect, test } from 'vitest'
import { committing, trainWith } from './runs.ts'

test('a callback stops the run, and the summary says which', async () => {
  class GoodEnough extends TrainerCallback {
    override onStepEnd({ step }: TrainingContext, control: Control): void {
      if (step === 2) control.stop('two steps will do')
    }
  }
  const { outcome, steps, reason, requestedBy } = await trainWith([callbacks([GoodEnough], { inline: true })])
  expect([outcome, steps, requestedBy, reason]).toEqual([
    'stopped',
    2,
    'callbacks',
    'GoodEnough: two steps will do',
  ])
})

test('from the background, a later step is the last', async () => {
  class GoodEnough extends TrainerCallback {
    override onLog(_: TrainingContext, control: Control): void {
      control.stop('a loss was logged')
    }
  }
  const { outcome, steps, reason } = await trainWith([callbacks([GoodEnough])], { epochs: 100_000 })
  expect([outcome, reason]).toEqual(['stopped', 'GoodEnough: a loss was logged'])
  expect(steps).toBeGreaterThanOrEqual(2)
})

test('a callback asks for an evaluation, a log and a checkpoint', async () => {
  class Curious extends TrainerCallback {
    override onStepBegin({ step }: TrainingContext, control: Control): void {
      if (step !== 1) return
      control.log()
      control.evaluate('curious')
      control.save('careful')
    }
  }
  const trace = recordTrace({ only: ['train.log', 'evaluate.post', 'checkpoint.committed'] })
  const { requests } = await trainWith([trace, callbacks([Curious], { inline: true }), committing], {
    steps: 1,
    log: every('100 steps'),
  })
  expect(trace.lines).toEqual([
    'train.log 1 { loss, absolute_error, learning_rate }',
    'evaluate.post 1 { loss, absolute_error }',
    'checkpoint.committed 1',
  ])
  expect(requests.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
    'log ',
    'evaluate Curious: curious',
    'save Curious: careful',
  ])
})
