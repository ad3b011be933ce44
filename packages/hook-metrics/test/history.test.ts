import { type RunState, train } from '@hookstep/catalogue'
import { history } from '@hookstep/hook-metrics'
import { expect, test } from 'vitest'
import { at, evaluated, trainWith } from './runs.ts'
import { telling } from './telling.ts'

test('remembers what was logged and evaluated', async () => {
  const seen = history()
  const { lastLog, lastEvaluation } = await trainWith([seen])
  expect(seen.logs.map(({ step, epoch, samples }) => [step, epoch, samples])).toEqual([
    [4, 0.5, 32],
    [8, 1, 64],
    [12, 1.5, 96],
    [16, 2, 128],
  ])
  expect(seen.evaluations.map(({ step }) => step)).toEqual([8, 16])
  expect([seen.logs.at(-1)?.values, seen.evaluations.at(-1)?.values]).toEqual([lastLog, lastEvaluation])
})

test('goes on where a run goes on, and begins afresh with a new one', async () => {
  const states: RunState[] = []
  const saving = at(train.checkpoint, async ({ step, capture }) => step === 9 && states.push(await capture()))
  const resuming = at(train.restore, ({ restore }) => restore(states[0] as RunState))
  const whole = history()
  const measuring = [telling(9), telling(10)]
  await trainWith([whole, saving, ...measuring])

  const seen = history()
  await trainWith([seen], { ...evaluated, learningRate: 0.01 })
  await trainWith([seen, ...measuring])
  await trainWith([seen, resuming, ...measuring])
  const values = ({ values }: { values: unknown }): unknown => values
  expect(seen.logs.map(values)).toEqual(whole.logs.map(values))
  expect(seen.evaluations.map(values)).toEqual(whole.evaluations.map(values))
  expect(seen.measured.map(({ step, source }) => [step, source])).toEqual([
    [9, 'system'],
    [10, 'system'],
  ])
})
