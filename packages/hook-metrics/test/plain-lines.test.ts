import { type Hook, type RunState, train } from '@hookstep/catalogue'
import { consoleLines } from '@hookstep/hook-metrics'
import { progressBar } from '@hookstep/hook-metrics/node'
import { faultyHook, line } from '@hookstep/testing'
import { type Batch, inMemoryGroup, random, type TrainerOptions } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { at, evaluated, holdClock, small, takingTime, trainWith } from './runs.ts'

beforeEach(holdClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The lines that a run leaves where output is not a terminal. */
async function linesOf(
  hooks: readonly Hook[],
  options: Omit<TrainerOptions, 'hooks'> = evaluated,
): Promise<string> {
  let text = ''
  const bar = progressBar({ terminal: { write: (chunk) => (text += chunk) } })
  await trainWith([bar, ...hooks], options).catch((error: Error) => {
    text += `train() rejects: ${error.message}\n`
  })
  return text
}

describe('where output is not a terminal', () => {
  test('each log, each evaluation and the end is a line', async () => {
    expect(await linesOf(takingTime())).toMatchInlineSnapshot(`
      "step 4/16  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05  80 samples/s  0:01 left
      step 8/16  epoch 1.0  loss 4.937  absolute_error 2.128  lr 0.05  80 samples/s  0:01 left
      evaluation at step 8/16  epoch 1.0  loss 2.666  absolute_error 1.481
      step 12/16  epoch 1.5  loss 1.866  absolute_error 1.231  lr 0.05  80 samples/s  0:02 left
      step 16/16  epoch 2.0  loss 0.6528  absolute_error 0.7249  lr 0.05  80 samples/s  0:00 left
      evaluation at step 16/16  epoch 2.0  loss 0.4969  absolute_error 0.6368
      finished at step 16/16  epoch 2.0  after 0:11
      "
    `)
  })

  test('a run whose length nobody knows says how far it is', async () => {
    const { batch } = line({ samples: 8 })
    const samples = await batch(Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7), random(0))
    const stream = (): Batch[] => Array.from({ length: 5 }, () => samples)
    const { batchSize, ...others } = small
    const streams = { ...others, data: stream, evaluate: { data: stream } }
    expect(await linesOf([], streams)).toMatchInlineSnapshot(`
      "step 4  epoch 0.0  loss 4.663  absolute_error 1.666  lr 0.05
      evaluation at step 5  epoch 1.0  loss 3.520  absolute_error 1.547
      step 8  epoch 1.0  loss 2.732  absolute_error 1.419  lr 0.05
      evaluation at step 10  epoch 2.0  loss 1.934  absolute_error 1.228
      finished at step 10  epoch 2.0  after 0:00
      "
    `)
  })

  test('a stop says who asked and why', async () => {
    const stopping = at(
      train.step.post,
      ({ step }, run) => step === 5 && run.stop('good enough,\nreally'),
      'critic',
    )
    expect(await linesOf([stopping])).toMatchInlineSnapshot(`
      "step 4/16  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05
      evaluation at step 5/16  epoch 0.6  loss 5.355  absolute_error 2.103
      stopped at step 5/16  epoch 0.6  after 0:00  by critic: good enough, really
      "
    `)
  })

  test('a failure says where and what', async () => {
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 5 })
    expect(await linesOf([failing])).toMatchInlineSnapshot(`
      "step 4/16  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05
      failed at step 5/16  epoch 0.6  after 0:00  Hook "faulty" failed at train.step.post: faulty on purpose
      train() rejects: Hook "faulty" failed at train.step.post: faulty on purpose
      "
    `)
  })

  test('a signal says that it was one', async () => {
    const controller = new AbortController()
    const aborting = at(train.step.post, ({ step }) => step === 5 && controller.abort(new Error('SIGTERM')))
    expect(await linesOf([aborting], { ...small, signal: controller.signal })).toMatchInlineSnapshot(`
      "step 4/16  epoch 0.5  loss 5.359  absolute_error 2.145  lr 0.05
      aborted at step 5/16  epoch 0.6  after 0:00  by signal: SIGTERM
      "
    `)
  })
})

test('in any console the lines are the same', async () => {
  const lines: unknown[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  await trainWith([consoleLines(), ...takingTime()])
  expect(`${lines.join('\n')}\n`).toBe(await linesOf(takingTime()))
})

test('of several ranks, the main one speaks', async () => {
  const printed = await Promise.all(
    inMemoryGroup(2).map((distributed) => linesOf([], { ...small, distributed, batchSize: 4 })),
  )
  expect(printed.map((text) => text.split('\n').at(-2))).toEqual([
    'finished at step 16/16  epoch 2.0  after 0:00',
    undefined,
  ])
})

test('a resumed run says where it goes on', async () => {
  const states: RunState[] = []
  const saving = at(train.checkpoint, async ({ step, capture }) => step === 6 && states.push(await capture()))
  await trainWith([saving])
  const resuming = at(train.restore, ({ restore }) => restore(states[0] as RunState))
  expect((await linesOf([resuming])).split('\n')[0]).toBe('resumed at step 6/16  epoch 0.8')
})
