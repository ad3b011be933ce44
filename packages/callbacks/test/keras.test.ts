import {
  type KerasCallback,
  type KerasLogs,
  type KerasParams,
  kerasCallbacks,
} from '@hookstep/callbacks/tfjs'
import { every, train } from '@hookstep/catalogue'
import { isolated } from '@hookstep/core/policies'
import { corners, plainBackend } from '@hookstep/testing'
import { inMemoryGroup } from '@hookstep/trainer'
import { beforeEach, expect, test, vi } from 'vitest'
import { at, trainWith } from './runs.ts'

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

/** Writes down each call, with the names of its logs. */
function scribe(log: string[]): KerasCallback {
  const names = (logs: KerasLogs = {}): string => Object.keys(logs).join(',')
  return {
    onTrainBegin: (logs) => log.push(`train begins {${names(logs)}}`),
    onTrainEnd: (logs) => log.push(`train ends {${names(logs)}}`),
    onEpochBegin: (epoch, logs) => log.push(`epoch ${epoch} begins {${names(logs)}}`),
    onEpochEnd: (epoch, logs) => log.push(`epoch ${epoch} ends {${names(logs)}}`),
    onBatchBegin: (batch, logs) => log.push(`batch ${batch} of ${logs?.size} begins {${names(logs)}}`),
    onBatchEnd: (batch, logs) => log.push(`batch ${batch} of ${logs?.size} ends {${names(logs)}}`),
  }
}

test('calls what fit would call, in its order', async () => {
  const log: string[] = []
  await trainWith([kerasCallbacks([scribe(log)])], { log: every('1 step') })
  const batch = (index: number, size: number): string[] => [
    `batch ${index} of ${size} begins {batch,size}`,
    `batch ${index} of ${size} ends {batch,size,loss,absolute_error}`,
  ]
  const epoch = (index: number): string[] => [
    `epoch ${index} begins {}`,
    ...batch(0, 8),
    ...batch(1, 4),
    `epoch ${index} ends {loss,absolute_error,val_loss,val_absolute_error}`,
  ]
  expect(log).toEqual(['train begins {}', ...epoch(0), ...epoch(1), 'train ends {}'])
})

test('the numbers of an epoch are the means over its samples, and those of its evaluation', async () => {
  const losses: number[] = []
  const epochs: KerasLogs[] = []
  const { lastEvaluation } = await trainWith(
    [
      at(train.log, ({ values }) => losses.push(values.loss as number)),
      kerasCallbacks([{ onEpochEnd: (_, logs) => void epochs.push({ ...logs }) }]),
    ],
    { log: every('1 step') },
  )
  const mean = (first: number, second: number): number => (first * 8 + second * 4) / 12
  expect(epochs.map(({ loss }) => loss)).toEqual([
    mean(losses[0] as number, losses[1] as number),
    mean(losses[2] as number, losses[3] as number),
  ])
  expect(epochs[1]?.val_loss).toBe(lastEvaluation?.loss)
})

test('an epoch has a loss, however seldom steps are logged', async () => {
  const logged: number[] = []
  const epochs: KerasLogs[] = []
  const { hostSyncs } = await trainWith(
    [
      at(train.log, ({ step }) => logged.push(step)),
      kerasCallbacks([{ onEpochEnd: (_, logs) => void epochs.push({ ...logs }) }]),
    ],
    { log: every('100 steps') },
  )
  expect(logged).toEqual([2, 4])
  expect(epochs.every(({ loss }) => loss !== undefined && loss > 0)).toBe(true)
  expect(hostSyncs).toBe(0)
})

test('a batch that was not logged has its loss read for those who look, and only then', async () => {
  const hostSyncs = async (callback: KerasCallback): Promise<number> =>
    (await trainWith([kerasCallbacks([callback])], { log: every('100 steps') })).hostSyncs
  const losses: (number | undefined)[] = []
  // The last step of an epoch is logged in any case.
  expect(await hostSyncs({ onBatchEnd: (_, logs) => losses.push(logs?.loss) })).toBe(2)
  expect(await hostSyncs({ onEpochEnd: () => {}, onBatchBegin: () => {} })).toBe(0)
  expect(losses.map((loss) => typeof loss)).toEqual(Array(4).fill('number'))
})

test('on several ranks, a loss that nobody knows is not made up', async () => {
  const losses: (number | undefined)[] = []
  const looking: KerasCallback = { onBatchEnd: (_, logs) => losses.push(logs?.loss) }
  const options = { epochs: 1, batchSize: 2, log: every('2 steps') }
  const [main] = await Promise.all(
    inMemoryGroup(2).map((distributed, rank) =>
      trainWith(rank === 0 ? [kerasCallbacks([looking])] : [], { ...options, distributed }),
    ),
  )
  expect(losses).toEqual([undefined, expect.any(Number)])
  expect(main?.warnings).toEqual([
    "keras-callbacks: onBatchEnd has no loss of steps that are not logged: give the trainer log: every('1 step')",
  ])
})

test('an accuracy goes by the name that fit gives it as well', async () => {
  const epochs: KerasLogs[] = []
  const backend = plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy' })
  await trainWith([kerasCallbacks([{ onEpochEnd: (_, logs) => void epochs.push({ ...logs }) }])], {
    backend,
    data: corners({ samples: 16 }),
    evaluate: { data: corners({ samples: 8, seed: 1 }) },
  })
  const { acc, val_acc, accuracy, val_accuracy } = epochs[0] as KerasLogs
  expect([acc, val_acc]).toEqual([accuracy, val_accuracy])
  expect(accuracy).toBeGreaterThanOrEqual(0)
})

test('callbacks are awaited one after another, and share their logs', async () => {
  const log: string[] = []
  const enriching: KerasCallback = {
    async onEpochEnd(epoch, logs = {}) {
      await new Promise((resolve) => setImmediate(resolve))
      logs.tenfold = epoch * 10
    },
  }
  const reading: KerasCallback = { onEpochEnd: (epoch, logs) => log.push(`${epoch} ${logs?.tenfold}`) }
  await trainWith([kerasCallbacks([enriching, reading])])
  expect(log).toEqual(['0 0', '1 10'])
})

/** A callback as those of TensorFlow.js are: it is given the model, and stops it. */
class Stopping {
  model: { stopTraining: boolean } | undefined
  params: KerasParams | undefined
  setParams(params: KerasParams): void {
    this.params = params
  }
  setModel(): void {
    throw new Error('model must be a LayersModel')
  }
  onBatchEnd(batch: number): void {
    if (batch === 0 && this.model !== undefined) this.model.stopTraining = true
  }
}

test('stopTraining ends the run after the step, and the epoch with it, on any backend', async () => {
  const log: string[] = []
  const { outcome, steps, reason, requestedBy } = await trainWith([
    kerasCallbacks([
      new Stopping(),
      { onEpochEnd: scribe(log).onEpochEnd, onTrainEnd: scribe(log).onTrainEnd } as KerasCallback,
    ]),
  ])
  expect([outcome, steps, requestedBy, reason]).toEqual([
    'stopped',
    1,
    'keras-callbacks',
    'Stopping set model.stopTraining',
  ])
  // Metrics are computed at steps that are known to be logged.
  expect(log).toEqual(['epoch 0 ends {loss,val_loss,val_absolute_error}', 'train ends {}'])
})

test('tells callbacks of the run what fit would tell them', async () => {
  const stopping = new Stopping()
  await trainWith([kerasCallbacks([stopping])])
  expect(stopping.params).toEqual({
    epochs: 2,
    initialEpoch: 0,
    samples: 12,
    steps: 2,
    batchSize: 8,
    verbose: 0,
    doValidation: true,
    metrics: ['loss', 'val_loss'],
  })
})

test('a stop that is asked for before the first step is one', async () => {
  const stopping = new Stopping()
  const early: KerasCallback = Object.assign(stopping, {
    onTrainBegin() {
      if (stopping.model !== undefined) stopping.model.stopTraining = true
    },
  })
  const { outcome, steps } = await trainWith([kerasCallbacks([early])])
  expect([outcome, steps]).toEqual(['stopped', 0])
})

test('an error ends the run and leaves onTrainEnd out, as with fit, unless the hook is isolated', async () => {
  const log: string[] = []
  const sour: KerasCallback = {
    onEpochEnd() {
      throw new Error('sour')
    },
    onTrainEnd: () => log.push('train ends'),
  }
  await expect(trainWith([kerasCallbacks([sour])])).rejects.toThrow(
    'Hook "keras-callbacks" failed at train.epoch.post: sour',
  )
  expect(log).toEqual([])
  const { outcome, incidents } = await trainWith([isolated(kerasCallbacks([sour]))])
  expect([outcome, incidents['keras-callbacks']?.failures, log]).toEqual(['finished', 2, ['train ends']])
})

test('onYield is called at most eight times a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const log: string[] = []
    const yielding: KerasCallback = { onYield: (epoch, batch) => log.push(`epoch ${epoch} batch ${batch}`) }
    const time = at(train.step.post, () => void vi.advanceTimersByTime(50))
    await trainWith([time, kerasCallbacks([yielding])], { epochs: 4 })
    expect(log).toEqual(['epoch 1 batch 1', 'epoch 3 batch 0'])
  } finally {
    vi.useRealTimers()
  }
})

test('what fit would not take is refused at once', () => {
  expect(() => kerasCallbacks([{ onEpochStart() {} } as never])).toThrow(
    'a callback is no callback of Keras: it has none of onTrainBegin, onTrainEnd',
  )
  expect(() => kerasCallbacks([undefined as never])).toThrow('undefined is no callback of Keras')
  expect(() => kerasCallbacks([class Lost {} as never])).toThrow(
    'the class or function Lost is no callback of Keras',
  )
  expect(() => kerasCallbacks({} as never)).toThrow(
    new TypeError('kerasCallbacks: give a list of callbacks, as in kerasCallbacks([new MyCallback()])'),
  )
  expect(() => kerasCallbacks([], { nam: 'mine' } as object)).toThrow(
    new TypeError('kerasCallbacks has no option "nam"; there are name'),
  )
})
