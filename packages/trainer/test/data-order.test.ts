import { every, type Hook, train } from '@hookstep/catalogue'
import { line, plainBackend, recordTrace } from '@hookstep/testing'
import { type Dataset, inMemoryGroup, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { batchesOf, epochsOf, numbered, numbers, recordBatches, samplesOf, stepsOf } from './batches.ts'

const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

describe('the order of a dataset', () => {
  test('each epoch has every sample once, in an order of its own', async () => {
    const epochs = epochsOf(await batchesOf({ data: numbers(50), batchSize: 8, epochs: 4 }))
    for (const epoch of epochs) expect(ascending(epoch)).toEqual(Array.from({ length: 50 }, (_, i) => i))
    expect(new Set(epochs.map(String)).size).toBe(4)
  })

  test('depends on the seed alone: not on batches, accumulation, prefetching or the length of the run', async () => {
    const order = async (options: Partial<TrainerOptions>) => {
      const seen = await batchesOf({ data: numbers(24), batchSize: 4, epochs: 2, seed: 5, ...options })
      return epochsOf(seen).slice(0, 2)
    }
    const first = await order({})
    const same = [{}, { batchSize: 7 }, { batchSize: 2, accumulate: 3 }, { prefetch: 3 }, { epochs: 3 }]
    for (const options of same) expect(await order(options)).toEqual(first)
    expect(await order({ seed: 6 })).not.toEqual(first)
  })

  test('stays the same from release to release: a saved run could not go on otherwise', async () => {
    expect(epochsOf(await batchesOf({ data: numbers(10), epochs: 2 }))).toEqual([
      [3, 8, 7, 9, 5, 1, 6, 4, 0, 2],
      [3, 9, 8, 0, 1, 4, 7, 5, 2, 6],
    ])
  })

  test('is that of the data, where nothing is shuffled', async () => {
    const seen = await batchesOf({ data: numbers(7), batchSize: 3, epochs: 2, shuffle: false })
    expect(seen).toEqual([
      { epoch: 1, step: 1, microbatch: 1, samples: [0, 1, 2] },
      { epoch: 1, step: 2, microbatch: 1, samples: [3, 4, 5] },
      { epoch: 1, step: 3, microbatch: 1, samples: [6] },
      { epoch: 2, step: 4, microbatch: 1, samples: [0, 1, 2] },
      { epoch: 2, step: 5, microbatch: 1, samples: [3, 4, 5] },
      { epoch: 2, step: 6, microbatch: 1, samples: [6] },
    ])
  })
})

describe('steps, microbatches and what is left at the end of an epoch', () => {
  const sizes = async (options: Partial<TrainerOptions>) =>
    stepsOf(await batchesOf({ data: numbers(22), epochs: 2, batchSize: 4, ...options })).map((step) =>
      step.map(({ length }) => length),
    )

  test('the last step of an epoch is smaller', async () => {
    const epoch = [[4], [4], [4], [4], [4], [2]]
    expect(await sizes({})).toEqual([...epoch, ...epoch])
  })

  test('or there is none, where it is dropped', async () => {
    const epoch = [[4], [4], [4], [4], [4]]
    expect(await sizes({ lastBatch: 'drop' })).toEqual([...epoch, ...epoch])
  })

  test('several microbatches make a step, which never crosses into the next epoch', async () => {
    const epoch = [
      [4, 4],
      [4, 4],
      [4, 2],
    ]
    expect(await sizes({ accumulate: 2 })).toEqual([...epoch, ...epoch])
    const cut = [
      [4, 4, 4],
      [4, 4, 2],
    ]
    expect(await sizes({ accumulate: 3 })).toEqual([...cut, ...cut])
    expect(await sizes({ accumulate: 4 })).toEqual([
      [4, 4, 4, 4],
      [4, 2],
      [4, 4, 4, 4],
      [4, 2],
    ])
    expect(await sizes({ accumulate: 9 })).toEqual([
      [4, 4, 4, 4, 4, 2],
      [4, 4, 4, 4, 4, 2],
    ])
  })

  test('a step that is dropped is dropped whole', async () => {
    expect(await sizes({ accumulate: 2, lastBatch: 'drop' })).toEqual([
      [4, 4],
      [4, 4],
      [4, 4],
      [4, 4],
    ])
  })

  test('what is dropped is what was last in the order: other samples each epoch', async () => {
    const options = { data: numbers(22), batchSize: 4, epochs: 3 }
    const kept = epochsOf(await batchesOf(options))
    const dropped = epochsOf(await batchesOf({ ...options, lastBatch: 'drop' }))
    expect(dropped).toEqual(kept.map((order) => order.slice(0, 20)))
    expect(new Set(kept.map((order) => String(ascending(order.slice(20))))).size).toBe(3)
  })

  test('a dataset that is smaller than a batch is one smaller step', async () => {
    expect(await sizes({ data: numbers(3) })).toEqual([[3], [3]])
  })

  test('steps or epochs, whichever comes first, end the run', async () => {
    expect(await sizes({ steps: 3 })).toEqual([[4], [4], [4]])
    expect(await sizes({ steps: 30, epochs: 1 })).toHaveLength(6)
  })

  test('the run knows its lengths beforehand, and counts samples and shares of epochs', async () => {
    const log: unknown[] = []
    const watch: Hook = {
      name: 'watch',
      setup(run) {
        run.subscribe(train.configuration.data_loader, ({ samplesPerEpoch, stepsPerEpoch }) => {
          log.push({ samplesPerEpoch, stepsPerEpoch })
        })
        run.subscribe(train.step.pre, ({ progress: { samples, epochs, totalSteps, last } }) => {
          log.push({ samples, epochs, totalSteps, last })
        })
      },
    }
    await batchesOf({ data: numbers(10), batchSize: 2, accumulate: 2, epochs: 2, hooks: [watch] })
    const totalSteps = 6
    expect(log).toEqual([
      { samplesPerEpoch: 10, stepsPerEpoch: 3 },
      { samples: 4, epochs: 0.4, totalSteps, last: false },
      { samples: 8, epochs: 0.8, totalSteps, last: false },
      { samples: 10, epochs: 1, totalSteps, last: false },
      { samples: 14, epochs: 1.4, totalSteps, last: false },
      { samples: 18, epochs: 1.8, totalSteps, last: false },
      { samples: 20, epochs: 2, totalSteps, last: true },
    ])
  })
})

/** Records the loss of each step, as it was logged. */
function recordLosses(): Hook & { readonly losses: number[] } {
  const losses: number[] = []
  return {
    name: 'losses',
    losses,
    setup: (run) => void run.subscribe(train.log, ({ values }) => void losses.push(values.loss as number)),
  }
}

describe('every sample of a step counts the same', () => {
  test('the loss of a step is the mean over its samples, however they are divided', async () => {
    for (const division of [
      { batchSize: 4 },
      { batchSize: 4, accumulate: 2 },
      { batchSize: 3, accumulate: 3 },
    ]) {
      const [batches, record] = [recordBatches(), recordLosses()]
      const options = {
        ...division,
        backend: plainBackend(),
        learningRate: 0,
        epochs: 1,
        log: every('1 step'),
      }
      await using trainer = new Trainer({ ...options, data: numbers(10), hooks: [batches, record] })
      const { data } = await trainer.predict(numbered(...Array.from({ length: 10 }, (_, sample) => sample)))
      await trainer.train()
      const means = stepsOf(batches.seen).map((microbatches) => {
        const losses = microbatches.flat().map((sample) => (data[sample] as number) ** 2)
        return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
      })
      expect(record.losses.map((loss) => loss.toPrecision(6))).toEqual(
        means.map((mean) => mean.toPrecision(6)),
      )
    }
  })

  test('a step learns the same from several microbatches as from one, the smaller last one included', async () => {
    const learned = async (division: Partial<TrainerOptions>) => {
      const options = { data: line({ samples: 21, inputs: 3 }), epochs: 5, learningRate: 0.05 }
      await using trainer = new Trainer({
        backend: plainBackend({ layers: [3, 1] }),
        ...options,
        ...division,
      })
      await trainer.train()
      const { data } = await trainer.predict({ inputs: { data: Float32Array.of(1, -1, 0.5), shape: [1, 3] } })
      return data[0] as number
    }
    const atOnce = await learned({ batchSize: 8 })
    expect(await learned({ batchSize: 4, accumulate: 2 })).toBeCloseTo(atOnce, 5)
    expect(await learned({ batchSize: 3, accumulate: 3 })).not.toBeCloseTo(atOnce, 5)
    expect(await learned({ batchSize: 1, accumulate: 8 })).toBeCloseTo(atOnce, 5)
  })
})

describe('several ranks', () => {
  /** The samples of each step on every rank. */
  const onRanks = (worldSize: number, options: Omit<TrainerOptions, 'backend' | 'distributed'>) =>
    Promise.all(inMemoryGroup(worldSize).map((distributed) => batchesOf({ ...options, distributed })))

  for (const samples of [24, 23, 20, 19, 13]) {
    for (const options of [
      {},
      { accumulate: 2 },
      { lastBatch: 'drop' },
      { shuffle: false, prefetch: 0 },
    ] as const) {
      test(`together take what one would, in its order: ${samples} samples ${JSON.stringify(options)}`, async () => {
        const common = { data: numbers(samples), epochs: 2, ...options }
        const alone = await batchesOf({ ...common, batchSize: 6 })
        for (const worldSize of [2, 3]) {
          const ranks = await onRanks(worldSize, { ...common, batchSize: 6 / worldSize })
          const together = alone.map(({ samples: _, ...place }) => ({
            ...place,
            samples: ranks.flatMap((seen) => seen.find((one) => isAt(one, place))?.samples ?? []),
          }))
          expect(together).toEqual(alone)
          const taken = ranks.flatMap((seen) => seen.flatMap(({ samples }) => samples))
          expect(taken).toHaveLength(alone.flatMap(({ samples }) => samples).length)
        }
      })
    }
  }

  test('share what is left as evenly as can be', async () => {
    const ranks = await onRanks(3, { data: numbers(17), batchSize: 4, epochs: 1, shuffle: false })
    expect(ranks.map((seen) => seen.map(({ samples }) => samples))).toEqual([
      [[0, 1, 2, 3], [12]],
      [
        [4, 5, 6, 7],
        [13, 14],
      ],
      [
        [8, 9, 10, 11],
        [15, 16],
      ],
    ])
  })
})

function isAt(
  one: { step: number; microbatch: number },
  place: { step: number; microbatch: number },
): boolean {
  return one.step === place.step && one.microbatch === place.microbatch
}

/** A dataset that tells when a batch is asked for; `answer` says what comes of it. */
function watched(
  log: string[],
  answer: (data: Dataset, batch: number, args: Parameters<Dataset['batch']>) => ReturnType<Dataset['batch']>,
): Dataset {
  const data = numbers(8)
  let batches = 0
  return {
    length: 8,
    batch(...args) {
      log.push(`begin ${++batches}`)
      return answer(data, batches, args)
    },
  }
}

/** Tells when the run asks for a batch and when it has it. */
function watcher(log: string[]): Hook {
  return {
    name: 'watcher',
    setup(run) {
      run.subscribe(train.batch.pre, ({ step }) => void log.push(`want ${step}`))
      run.subscribe(train.batch.post, ({ step, batch }) => void log.push(`have ${step}: ${samplesOf(batch)}`))
    },
  }
}

describe('fetching ahead', () => {
  const whenAsked = async (prefetch: number) => {
    const log: string[] = []
    const data = watched(log, async (data, _, args) => data.batch(...args))
    await batchesOf({ data, batchSize: 2, epochs: 1, shuffle: false, prefetch, hooks: [watcher(log)] })
    return log
  }

  test('nothing: each batch is asked for when it is wanted', async () => {
    expect(await whenAsked(0)).toEqual([
      ...['want 1', 'begin 1', 'have 1: 0,1'],
      ...['want 2', 'begin 2', 'have 2: 2,3'],
      ...['want 3', 'begin 3', 'have 3: 4,5'],
      ...['want 4', 'begin 4', 'have 4: 6,7'],
    ])
  })

  test('one batch: the next is begun before this one is here', async () => {
    expect(await whenAsked(1)).toEqual([
      ...['want 1', 'begin 1', 'begin 2', 'have 1: 0,1'],
      ...['want 2', 'begin 3', 'have 2: 2,3'],
      ...['want 3', 'begin 4', 'have 3: 4,5'],
      ...['want 4', 'have 4: 6,7'],
    ])
  })

  test('three batches', async () => {
    expect(await whenAsked(3)).toEqual([
      ...['want 1', 'begin 1', 'begin 2', 'begin 3', 'begin 4', 'have 1: 0,1'],
      ...['want 2', 'have 2: 2,3'],
      ...['want 3', 'have 3: 4,5'],
      ...['want 4', 'have 4: 6,7'],
    ])
  })

  test('batches that arrive in another order are taken in their own', async () => {
    const log: string[] = []
    const waiting: (() => void)[] = []
    // The first arrives when the fourth has, the second after it, and so on.
    const data = watched(log, (data, batch, args) => {
      const fetched = data.batch(...args)
      if (batch < 4) return new Promise((resolve) => waiting.unshift(() => resolve(fetched)))
      for (const arrive of waiting) arrive()
      return fetched
    })
    const seen = await batchesOf({ data, batchSize: 2, epochs: 1, shuffle: false, prefetch: 3 })
    expect(epochsOf(seen)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]])
  })

  test('changes nothing in what is drawn for a batch: its random numbers are its own', async () => {
    const drawn = async (prefetch: number, epochs = 2) => {
      const numbers: number[] = []
      const data = watched([], (data, _, [indices, random]) => {
        numbers.push(random.next())
        return data.batch(indices, random)
      })
      await batchesOf({ data, batchSize: 2, epochs, prefetch })
      return numbers
    }
    const expected = await drawn(0)
    expect(new Set(expected).size).toBe(8)
    expect(await drawn(1)).toEqual(expected)
    expect(await drawn(3)).toEqual(expected)
    expect((await drawn(3, 3)).slice(0, 8)).toEqual(expected)
  })

  test('does not begin before the first step wants a batch', async () => {
    const log: string[] = []
    const stop: Hook = { name: 'stop', setup: (run) => run.stop('nothing to do') }
    const data = watched(log, (data, _, args) => data.batch(...args))
    await batchesOf({ data, batchSize: 2, epochs: 1, prefetch: 3, hooks: [stop] })
    expect(log).toEqual([])
  })
})

describe('a batch that cannot be fetched', () => {
  const failure = (kind: string): Dataset =>
    watched([], (data, batch, args) => {
      if (batch !== 3) return data.batch(...args)
      if (kind === 'throws') throw new Error('disk gone')
      return Promise.reject(new Error('disk gone'))
    })

  for (const kind of ['throws', 'rejects']) {
    for (const prefetch of [0, 1, 3]) {
      test(`fails the run at its step, not where it was fetched ahead: ${kind}, prefetch ${prefetch}`, async () => {
        const trace = recordTrace({
          only: ['train.batch', 'train.step.post', 'train.failed', 'train.closed'],
        })
        const options = { data: failure(kind), batchSize: 2, epochs: 1, prefetch, hooks: [trace] }
        await expect(batchesOf(options)).rejects.toThrow('disk gone')
        expect(trace.lines).toEqual([
          ...['train.batch.pre 1 microbatch 1', 'train.batch.post 1 microbatch 1', 'train.step.post 1'],
          ...['train.batch.pre 2 microbatch 1', 'train.batch.post 2 microbatch 1', 'train.step.post 2'],
          'train.batch.pre 3 microbatch 1',
          'train.failed 2 "disk gone" at train.batch.pre',
          'train.closed 2 failed',
        ])
      })
    }
  }

  test('does not matter where the run ends before it', async () => {
    // With a turn of the event loop, in which a rejection that nobody has caught would end the process.
    const turn: Hook = {
      name: 'turn',
      setup: (run) =>
        void run.subscribe(train.step.post, () => new Promise<void>((resolve) => setImmediate(resolve))),
    }
    const options = { data: failure('rejects'), batchSize: 2, steps: 2, prefetch: 3, hooks: [turn] }
    expect(await batchesOf(options)).toHaveLength(2)
  })
})

describe('a batch that is not what was asked for is refused by name', () => {
  const array = (...shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape })
  const cases: readonly [batch: unknown, message: string][] = [
    [undefined, 'data gave undefined: a batch is arrays by name, { inputs: { data, shape }, … }'],
    [{}, 'batch is empty: give arrays by name, such as { inputs: { data, shape } }'],
    [{ inputs: [1, 2] }, 'batch.inputs is not { data, shape } with a typed array and at least one dimension'],
    [
      { inputs: array(2, 1), targets: array(3, 1) },
      'batch.inputs has 2 samples, batch.targets has 3: give each as many',
    ],
    [
      { inputs: { data: new Float32Array(3), shape: [2, 1] } },
      'batch.inputs holds 3 numbers, which do not fill its shape [2, 1]',
    ],
    [
      { inputs: { data: new Float64Array(2), shape: [2, 1] } },
      'batch.inputs is a Float64Array; make it a Float32Array, an Int32Array or a Uint8Array',
    ],
    [{ inputs: array(3, 1) }, 'data gave 3 samples for 2 indices: batch(indices) returns one for each'],
    [{ inputs: array(0, 1) }, 'data gave a batch without samples: leave it out'],
  ]
  for (const [batch, message] of cases) {
    for (const when of ['at once', 'later']) {
      test(`${message}, ${when}`, async () => {
        const answer = when === 'later' ? Promise.resolve(batch) : batch
        const data = { length: 8, batch: () => answer } as Dataset
        await expect(batchesOf({ data, batchSize: 2, epochs: 1 })).rejects.toThrow(message)
      })
    }
  }
})
