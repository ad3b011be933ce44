import { callbacks, TrainerCallback, type TrainingContext, type TrainingOutcome } from '@hookstep/callbacks'
import { train } from '@hookstep/catalogue'
import { faultyHook } from '@hookstep/testing'
import { describe, expect, test } from 'vitest'
import { at, trainWith } from './runs.ts'

/** Writes down how runs end. */
class Endings extends TrainerCallback {
  readonly seen: [step: number, outcome: TrainingOutcome | undefined][] = []
  override onTrainEnd({ step, outcome }: TrainingContext): void {
    this.seen.push([step, outcome])
  }
}

describe.each([{}, { inline: true as const }])('a run that ends, with callbacks %o', (options) => {
  test('at its last step', async () => {
    const endings = new Endings()
    await trainWith([callbacks([endings], options)])
    expect(endings.seen).toEqual([[4, { kind: 'finished' }]])
  })

  test('because a hook asked', async () => {
    const endings = new Endings()
    const stopping = at(train.step.post, ({ step }, run) => step === 3 && run.stop('enough'))
    await trainWith([callbacks([endings], options), stopping])
    const outcome = {
      kind: 'stopped',
      reason: 'enough',
      requestedBy: 'at train.step.post',
      aborted: false,
    }
    expect(endings.seen).toEqual([[3, outcome]])
  })

  test('because of a signal', async () => {
    const endings = new Endings()
    const controller = new AbortController()
    const aborting = at(train.microbatch.post, ({ step }) => step === 2 && controller.abort('Ctrl-C'))
    await trainWith([callbacks([endings], options), aborting], { signal: controller.signal })
    const outcome = { kind: 'stopped', reason: 'Ctrl-C', requestedBy: 'signal', aborted: true }
    expect(endings.seen).toEqual([[2, outcome]])
  })

  test('because a hook failed', async () => {
    const endings = new Endings()
    const error = new Error('out of luck')
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 2, error })
    const run = trainWith([callbacks([endings], options), failing])
    await expect(run).rejects.toThrow('out of luck')
    const failed = expect.objectContaining({
      message: 'Hook "faulty" failed at train.step.post: out of luck',
    })
    expect(endings.seen).toEqual([[2, { kind: 'failed', error: failed, at: 'train.step.post' }]])
  })

  test('before it began', async () => {
    const endings = new Endings()
    const failing = faultyHook({ at: train.configuration.start, fault: 'rejects' })
    await expect(trainWith([callbacks([endings], options), failing])).rejects.toThrow('faulty on purpose')
    expect(endings.seen).toEqual([
      [0, expect.objectContaining({ kind: 'failed', at: 'train.configuration.start' })],
    ])
  })

  test('is known in onTrainEnd only', async () => {
    const outcomes = new Set<unknown>()
    class Early extends TrainerCallback {
      override onStepEnd({ outcome }: TrainingContext): void {
        outcomes.add(outcome)
      }
      override onEpochEnd({ outcome }: TrainingContext): void {
        outcomes.add(outcome)
      }
    }
    await trainWith([callbacks([Early], options)])
    expect([...outcomes]).toEqual([undefined])
  })
})

test('a callback that follows a second run is told of that one', async () => {
  const endings = new Endings()
  const hook = callbacks([endings])
  const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 1 })
  await expect(trainWith([hook, failing])).rejects.toThrow('faulty on purpose')
  await trainWith([hook])
  expect(endings.seen.map(([step, outcome]) => [step, outcome?.kind])).toEqual([
    [1, 'failed'],
    [4, 'finished'],
  ])
})
