import { type Hook, train } from '@hookstep/catalogue'
import { faultyHook, plainBackend, recordTrace } from '@hookstep/testing'
import { type Batch, type Data, inMemoryGroup, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { batchesOf, epochsOf, numbered, recordBatches, stepsOf } from './batches.ts'

const three = [numbered(0, 1), numbered(2, 3), numbered(4)]

/** The same batches, one after the other, from a generator that tells when it is opened and closed. */
function* watched(log: string[], batches: readonly Batch[] = three, name = 'data'): Generator<Batch> {
  log.push(`${name} opened`)
  try {
    for (const batch of batches) yield batch
    log.push(`${name} ended`)
  } finally {
    log.push(`${name} closed`)
  }
}

async function* later(batches: Iterable<Batch>): AsyncGenerator<Batch> {
  for (const batch of batches) yield batch
}

/** The same as `watched`, and closing takes a turn of the event loop. */
async function* closingLater(log: string[], batches: readonly Batch[], name: string): AsyncGenerator<Batch> {
  log.push(`${name} opened`)
  try {
    yield* batches
  } finally {
    await new Promise<void>((resolve) => setImmediate(resolve))
    log.push(`${name} closed`)
  }
}

describe('batches are taken as they come', () => {
  const twice = [
    [0, 1, 2, 3, 4],
    [0, 1, 2, 3, 4],
  ]
  const sources: Readonly<Record<string, Data>> = {
    'an array': three,
    'an iterable': { [Symbol.iterator]: () => three.values() },
    'an async iterable': { [Symbol.asyncIterator]: () => later(three) },
    'a function that returns an array': () => three,
    'a function that returns a generator': () => watched([]),
    'a function that returns an async generator': () => later(three),
  }
  for (const [told, data] of Object.entries(sources)) {
    test(`${told}: once per epoch`, async () => {
      expect(epochsOf(await batchesOf({ data, epochs: 2 }))).toEqual(twice)
    })
  }

  test('a generator: for one epoch', async () => {
    expect(epochsOf(await batchesOf({ data: watched([]), epochs: 1 }))).toEqual([[0, 1, 2, 3, 4]])
  })

  test('for a number of steps: as many epochs as it takes', async () => {
    const seen = await batchesOf({ data: three, steps: 5 })
    expect(seen.map(({ epoch, step }) => `${epoch}: ${step}`)).toEqual([
      '1: 1',
      '1: 2',
      '1: 3',
      '2: 4',
      '2: 5',
    ])
  })

  test('a function is told the epoch and the process', async () => {
    const told: unknown[] = []
    const data: Data = (epoch, { rank, worldSize, isMain }) => {
      told.push({ epoch, rank, worldSize, isMain })
      return three
    }
    await batchesOf({ data, epochs: 2 })
    const process = { rank: 0, worldSize: 1, isMain: true }
    expect(told).toEqual([
      { epoch: 1, ...process },
      { epoch: 2, ...process },
    ])
  })

  test('several make a step; the last of an epoch has what is left', async () => {
    const steps = stepsOf(await batchesOf({ data: three, epochs: 2, accumulate: 2 }))
    const epoch = [
      [
        [0, 1],
        [2, 3],
      ],
      [[4]],
    ]
    expect(steps).toEqual([...epoch, ...epoch])
  })

  test('each sample of a step counts the same, whatever the sizes of its batches', async () => {
    const losses: number[] = []
    const record: Hook = {
      name: 'losses',
      setup: (run) => void run.subscribe(train.step.post, async ({ loss }) => void losses.push(await loss())),
    }
    const data = [numbered(1, 2, 3), numbered(4), numbered(5, 6)]
    const options = { backend: plainBackend(), data, epochs: 1, accumulate: 2, learningRate: 0 }
    await using trainer = new Trainer({ ...options, hooks: [record] })
    const outputs = (await trainer.predict(numbered(1, 2, 3, 4, 5, 6))).data
    await trainer.train()
    const squares = Array.from(outputs, (output) => output ** 2)
    const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0) / numbers.length
    expect(losses.map((loss) => loss.toPrecision(6))).toEqual(
      [mean(squares.slice(0, 4)), mean(squares.slice(4))].map((loss) => loss.toPrecision(6)),
    )
  })

  test('progress: samples as they are counted, whole epochs, and the end when it is seen', async () => {
    const log: unknown[] = []
    const watch: Hook = {
      name: 'watch',
      setup(run) {
        run.subscribe(train.configuration.data_loader, ({ samplesPerEpoch, stepsPerEpoch }) => {
          log.push([samplesPerEpoch, stepsPerEpoch])
        })
        run.subscribe(train.step.post, () => {
          const { samples, epochs, totalSteps, last } = run.progress
          log.push([samples, epochs, totalSteps, last])
        })
      },
    }
    await batchesOf({ data: three, epochs: 2, hooks: [watch] })
    expect(log).toEqual([
      [undefined, undefined],
      [2, 0, undefined, false],
      [4, 0, undefined, false],
      [5, 1, undefined, false],
      [7, 1, undefined, false],
      [9, 1, undefined, false],
      [10, 2, undefined, true],
    ])
  })
})

describe('data is closed, however the run ends', () => {
  /** What becomes of data in a run with those options; generators of each epoch are told apart. */
  async function logOf(options: Partial<TrainerOptions>, hooks: readonly Hook[] = []): Promise<string[]> {
    const log: string[] = []
    const data = (epoch: number) => watched(log, three, `epoch ${epoch}`)
    const closed: Hook = {
      name: 'end',
      setup: (run) => void run.subscribe(train.closed, ({ outcome }) => void log.push(`run ${outcome}`)),
    }
    const length = options.steps === undefined ? { epochs: 2 } : {}
    await batchesOf({ data, ...length, ...options, hooks: [closed, ...hooks] }).catch(() => {})
    return log
  }

  const epoch1 = ['epoch 1 opened', 'epoch 1 ended', 'epoch 1 closed']

  test('at its own end', async () => {
    const epoch2 = ['epoch 2 opened', 'epoch 2 ended', 'epoch 2 closed']
    expect(await logOf({})).toEqual([...epoch1, ...epoch2, 'run finished'])
  })

  test('when the steps are done', async () => {
    expect(await logOf({ steps: 4 })).toEqual([...epoch1, 'epoch 2 opened', 'run finished', 'epoch 2 closed'])
  })

  test('when a hook stops the run', async () => {
    const stop: Hook = {
      name: 'stop',
      setup: (run) => void run.subscribe(train.step.post, () => run.stop('enough')),
    }
    expect(await logOf({}, [stop])).toEqual(['epoch 1 opened', 'run stopped', 'epoch 1 closed'])
  })

  test('when a hook fails', async () => {
    const hooks = [faultyHook({ at: train.microbatch.post, fault: 'throws' })]
    expect(await logOf({}, hooks)).toEqual(['epoch 1 opened', 'run failed', 'epoch 1 closed'])
  })

  test('when a signal aborts', async () => {
    const controller = new AbortController()
    const abort: Hook = {
      name: 'abort',
      setup: (run) => void run.subscribe(train.batch.post, () => controller.abort(new Error('SIGINT'))),
    }
    expect(await logOf({ signal: controller.signal }, [abort])).toEqual([
      'epoch 1 opened',
      'run stopped',
      'epoch 1 closed',
    ])
  })

  test('when one of its batches cannot be used', async () => {
    const log: string[] = []
    const data = watched(log, [numbered(0), 7 as unknown as Batch, numbered(1), numbered(2)])
    await expect(batchesOf({ data, epochs: 1 })).rejects.toThrow('data gave 7')
    expect(log).toEqual(['data opened', 'data closed'])
  })

  test('not when it was never opened', async () => {
    const stop: Hook = { name: 'stop', setup: (run) => run.stop('nothing to do') }
    expect((await logOf({}, [stop])).at(-1)).toBe('run stopped')
  })

  /** An iterator by hand, whose calls are counted: a generator hides whether it is closed after its end. */
  function counted(batches: readonly Batch[], fails = false): { data: Data; calls: string[] } {
    const calls: string[] = []
    const left = batches.values()
    const next = () => {
      calls.push('next')
      if (fails && calls.length > batches.length) throw new Error('disk gone')
      return left.next()
    }
    const iterator = {
      next,
      return() {
        calls.push('return')
        return { done: true as const, value: undefined }
      },
    }
    return { data: () => ({ [Symbol.iterator]: () => iterator }), calls }
  }

  test('and once: what ended or failed by itself is not closed again', async () => {
    const ended = counted(three)
    await batchesOf({ data: ended.data, epochs: 1 })
    expect(ended.calls).toEqual(['next', 'next', 'next', 'next'])

    const failed = counted(three, true)
    await expect(batchesOf({ data: failed.data, epochs: 1 })).rejects.toThrow('disk gone')
    expect(failed.calls).toEqual(['next', 'next', 'next', 'next'])

    const left = counted(three)
    await batchesOf({ data: left.data, steps: 1 })
    expect(left.calls).toEqual(['next', 'next', 'return'])
  })

  test('a closing that fails, fails the run', async () => {
    const data: Data = {
      *[Symbol.iterator]() {
        try {
          yield* three
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: it is the failure that is tested.
          throw new Error('cannot close')
        }
      },
    }
    await expect(batchesOf({ data, steps: 1 })).rejects.toThrow('cannot close')
  })
})

describe('data that fails', () => {
  const failing: Readonly<Record<string, () => Data>> = {
    'a generator that throws': () =>
      (function* () {
        yield* three.slice(0, 2)
        throw new Error('disk gone')
      })(),
    'an async generator that throws': () =>
      (async function* () {
        yield* three.slice(0, 2)
        throw new Error('disk gone')
      })(),
    'an iterator that rejects': () => {
      const left = three.slice(0, 2).values()
      const next = async () => {
        const result = left.next()
        if (result.done === true) throw new Error('disk gone')
        return result
      }
      return { [Symbol.asyncIterator]: () => ({ next }) }
    },
  }
  for (const [told, data] of Object.entries(failing)) {
    test(`${told} fails the run at the step that wants the batch: the one before is done`, async () => {
      const trace = recordTrace({ only: ['train.batch.pre', 'train.step.post', 'train.failed'] })
      await expect(batchesOf({ data: data(), epochs: 1, hooks: [trace] })).rejects.toThrow('disk gone')
      expect(trace.lines).toEqual([
        'train.batch.pre 1 microbatch 1',
        'train.step.post 1',
        'train.batch.pre 2 microbatch 1',
        'train.step.post 2',
        'train.batch.pre 3 microbatch 1',
        'train.failed 2 "disk gone" at train.batch.pre',
      ])
    })
  }

  test('a function that throws, at the epoch it is called for', async () => {
    let calls = 0
    const data: Data = (epoch) => {
      calls++
      if (epoch === 2) throw new Error('no such file: part 2')
      return three
    }
    const trace = recordTrace({ only: ['train.epoch', 'train.failed'] })
    await expect(batchesOf({ data, epochs: 3, hooks: [trace] })).rejects.toThrow('no such file: part 2')
    expect(trace.lines.slice(0, 3)).toEqual(['train.epoch.pre 1', 'train.epoch.post 1', 'train.epoch.pre 2'])
    expect(calls).toBe(2)
  })

  const wrong: readonly [returned: unknown, message: string][] = [
    [undefined, 'data(1) returned undefined; it must return an iterable of batches'],
    [Promise.resolve(three), 'data(1) returned [object Promise]; it must return an iterable of batches'],
    ['three', 'data(1) returned three; it must return an iterable of batches'],
  ]
  for (const [returned, message] of wrong) {
    test(message, async () => {
      await expect(batchesOf({ data: () => returned as Batch[], epochs: 1 })).rejects.toThrow(message)
    })
  }

  test('what gives nothing is told, with the remedy where it is a later epoch', async () => {
    const empty = 'data is empty: it gave no batch'
    await expect(batchesOf({ data: [], epochs: 1 })).rejects.toThrow(empty)
    await expect(batchesOf({ data: later([]), epochs: 1 })).rejects.toThrow(empty)
    const once =
      'data gave no batch in epoch 2: what can be read only once ends after epoch 1; ' +
      'pass a function that returns a new iterable for each epoch'
    await expect(batchesOf({ data: watched([]), epochs: 2 })).rejects.toThrow(once)
    await expect(batchesOf({ data: later(three), steps: 4 })).rejects.toThrow(once)
    const none = { inputs: { data: new Float32Array(0), shape: [0, 1] } }
    await expect(batchesOf({ data: [numbered(1), none], epochs: 1 })).rejects.toThrow(
      'data gave a batch without samples: leave it out',
    )
  })
})

describe('several ranks bring their own batches', () => {
  test('the shortest ends the epoch for all; what the others had open is closed before the next', async () => {
    const log: string[] = []
    const batches = [
      [numbered(0), numbered(1), numbered(2)],
      [numbered(10), numbered(11)],
    ]
    const data: Data = (epoch, { rank }) =>
      closingLater(rank === 0 ? log : [], batches[rank] as Batch[], `epoch ${epoch}`)
    const seen = await Promise.all(
      inMemoryGroup(2).map((distributed) => batchesOf({ data, epochs: 2, distributed })),
    )
    expect(seen.map(epochsOf)).toEqual([
      [
        [0, 1],
        [0, 1],
      ],
      [
        [10, 11],
        [10, 11],
      ],
    ])
    expect(log).toEqual(['epoch 1 opened', 'epoch 1 closed', 'epoch 2 opened', 'epoch 2 closed'])
  })

  test('a sample counts the same on every rank, whatever the sizes of their batches', async () => {
    const batches = [[numbered(1, 2, 3)], [numbered(4)]]
    const results = await Promise.all(
      inMemoryGroup(2).map(async (distributed) => {
        const options = { backend: plainBackend(), learningRate: 0, epochs: 1, distributed }
        const data: Data = (_, { rank }) => batches[rank] as Batch[]
        await using trainer = new Trainer({ ...options, data })
        const outputs = (await trainer.predict(numbered(1, 2, 3, 4))).data
        const { lastLog, samples } = await trainer.train()
        return { outputs, loss: lastLog?.loss, samples }
      }),
    )
    for (const { outputs, loss, samples } of results) {
      const mean = Array.from(outputs, (output) => output ** 2).reduce((a, b) => a + b, 0) / 4
      expect(loss).toBeCloseTo(mean, 5)
      expect(samples).toBe(4)
    }
  })

  test('a rank without any ends the run for all', async () => {
    const data: Data = (_, { rank }) => (rank === 0 ? three : [])
    const record = recordBatches()
    const results = await Promise.allSettled(
      inMemoryGroup(2).map((distributed) =>
        batchesOf({ data, epochs: 1, distributed, hooks: [{ ...record, name: 'own' }] }),
      ),
    )
    expect(results.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual([
      'another rank failed: data is empty: it gave no batch',
      'data is empty: it gave no batch',
    ])
    expect(record.seen).toEqual([])
  })
})
