import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { hook as hookEvents, train } from '@hookstep/catalogue'
import { line } from '@hookstep/testing'
import { beforeEach, expect, test, vi } from 'vitest'
import { at, gate, trainWith } from './runs.ts'

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

test('the run does not wait for a callback, but for its last calls', async () => {
  const log: string[] = []
  const training = gate()
  class Slow extends TrainerCallback {
    override async onStepBegin({ step }: TrainingContext): Promise<void> {
      await training.opened
      log.push(`begin ${step}`)
    }
    override async onTrainEnd(): Promise<void> {
      log.push('end')
    }
  }
  const finishing = at(train.finished, () => {
    log.push('finished')
    training.open()
  })
  await trainWith([callbacks([Slow]), finishing])
  expect(log).toEqual(['finished', 'begin 1', 'begin 2', 'begin 3', 'begin 4', 'end'])
})

test('a slow callback holds back no other', async () => {
  const log: string[] = []
  const other = gate()
  class Slow extends TrainerCallback {
    override async onStepEnd({ step }: TrainingContext): Promise<void> {
      await other.opened
      log.push(`slow ${step}`)
    }
  }
  class Quick extends TrainerCallback {
    override onStepEnd({ step }: TrainingContext): void {
      log.push(`quick ${step}`)
      if (step === 4) other.open()
    }
  }
  await trainWith([callbacks([Slow, Quick])])
  expect(log).toEqual([
    ...[1, 2, 3, 4].map((step) => `quick ${step}`),
    ...[1, 2, 3, 4].map((step) => `slow ${step}`),
  ])
})

test('200 calls into a callback that is behind are made, in order', async () => {
  const steps: number[] = []
  class Behind extends TrainerCallback {
    override async onStepEnd({ step }: TrainingContext): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(step)
    }
  }
  const options = { data: line({ samples: 400 }), batchSize: 2, accumulate: 1, epochs: 1 }
  const { incidents } = await trainWith([callbacks([Behind], { capacity: 4 })], options)
  expect(steps).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  expect(incidents).toEqual({})
})

test('what is dropped is counted, with the name of the class', async () => {
  const steps: number[] = []
  const began = gate()
  const finished = gate()
  class Behind extends TrainerCallback {
    override async onStepEnd({ step }: TrainingContext): Promise<void> {
      began.open()
      await finished.opened
      steps.push(step)
    }
  }
  const dropped: string[] = []
  const { incidents, warnings } = await trainWith([
    callbacks([Behind], { capacity: 1, overflow: 'drop-oldest' }),
    at(train.step.post, () => began.opened),
    at(hookEvents.dropped, ({ hook, at, count }) => dropped.push(`${hook} ${at} ${count}`)),
    at(train.finished, () => finished.open()),
  ])
  expect(steps).toEqual([1, 4])
  expect(incidents).toEqual({ callbacks: { failures: 0, dropped: 2 } })
  expect(warnings).toEqual(['hook "callbacks" was not told of Behind.onStepEnd: 1 newer ones were waiting'])
  expect(dropped.at(0)).toBe('callbacks Behind.onStepEnd 1')
})

test('an error does not end the run; it is counted, and each class is named once', async () => {
  class Sour extends TrainerCallback {
    override onStepEnd({ step }: TrainingContext): void {
      throw new Error(`sour at ${step}`)
    }
  }
  class Bitter extends TrainerCallback {
    override async onEpochEnd(): Promise<void> {
      throw new Error('bitter')
    }
  }
  const failed: string[] = []
  const noting = at(hookEvents.failed, ({ hook, at }) => failed.push(`${hook} ${at}`))
  const { outcome, incidents, warnings } = await trainWith([callbacks([Sour, Bitter]), noting])
  expect(outcome).toBe('finished')
  expect(incidents.callbacks).toMatchObject({ failures: 6, dropped: 0 })
  expect(failed.filter((line) => line === 'callbacks Sour.onStepEnd')).toHaveLength(4)
  expect(warnings.map((warning) => warning.replace(/^.*?(Sour|Bitter)/, '$1')).sort()).toEqual([
    'Bitter.onEpochEnd failed: bitter; the run goes on',
    'Sour.onStepEnd: sour at 1; the run goes on',
  ])
})

test('a callback that has failed too often is called no more, the others are', async () => {
  let calls = 0
  let others = 0
  class Sour extends TrainerCallback {
    override onStepEnd(): void {
      calls++
      throw new Error('sour')
    }
  }
  class Sweet extends TrainerCallback {
    override onStepEnd(): void {
      others++
    }
  }
  const { incidents } = await trainWith([callbacks([Sour, Sweet], { disableAfter: 2 })])
  expect([calls, others]).toEqual([2, 4])
  expect(incidents.callbacks).toMatchObject({ failures: 2, dropped: 2 })
})

test('inline, the first error ends the run and names the class', async () => {
  const log: string[] = []
  class Sour extends TrainerCallback {
    override onStepEnd({ step }: TrainingContext): void {
      if (step === 2) throw new Error('sour')
    }
  }
  class After extends TrainerCallback {
    override onStepEnd({ step }: TrainingContext): void {
      log.push(`after ${step}`)
    }
  }
  const run = trainWith([callbacks([Sour, After], { inline: true })])
  await expect(run).rejects.toThrow('Hook "callbacks/Sour" failed at onStepEnd: sour')
  expect(log).toEqual(['after 1'])
})

test('inline, the run waits', async () => {
  const log: string[] = []
  class Slow extends TrainerCallback {
    override async onStepBegin({ step }: TrainingContext): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`slow ${step}`)
    }
  }
  const stepping = at(train.step.pre, ({ step }) => log.push(`step ${step}`))
  await trainWith([callbacks([Slow], { inline: true }), stepping], { epochs: 1 })
  expect(log).toEqual(['slow 1', 'step 1', 'slow 2', 'step 2'])
})

test('a callback that never settles is given up at the end, and said so', async () => {
  class Stuck extends TrainerCallback {
    override onTrainBegin(): Promise<void> {
      return new Promise(() => {})
    }
    override onTrainEnd(): void {}
  }
  const { outcome, incidents, warnings } = await trainWith([callbacks([Stuck], { drainMs: 1 })])
  expect(outcome).toBe('finished')
  expect(incidents.callbacks).toMatchObject({ failures: 1, dropped: 1 })
  expect(warnings.join('\n')).toContain('Stuck.onTrainBegin')
})

test('an option that there is not is refused, with those there are', () => {
  expect(() => callbacks([], { inlin: true } as object)).toThrow(
    new TypeError(
      'callbacks has no option "inlin"; there are name, inline, disableAfter, capacity, overflow, drainMs, ' +
        'handlerTimeoutMs',
    ),
  )
})

test('options of a queue mean nothing inline, and cannot be what they like', () => {
  const inline = { inline: true, capacity: 8 } as object
  expect(() => callbacks([], inline)).toThrow('capacity is about the background')
  class Idle extends TrainerCallback {
    override onLog(): void {}
  }
  expect(() => callbacks([Idle], { capacity: 0 })).toThrow('capacity is 0')
  expect(() => callbacks([Idle], { disableAfter: 0 })).toThrow('disableAfter is 0')
})
