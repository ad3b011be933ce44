import { evaluate, every, type Hook, type RunState, train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { faultyHook, line, plainBackend } from '@hookstep/testing'
import {
  arrays,
  type Backend,
  type Batch,
  inMemoryGroup,
  Trainer,
  type TrainerOptions,
} from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const good: TrainerOptions = { backend: plainBackend(), data: line({ samples: 8 }), batchSize: 4, epochs: 1 }

/** The message of the error that an option, or a run with it, ends in. */
async function refusal(options: object): Promise<string> {
  try {
    await using trainer = new Trainer({ ...good, ...options } as TrainerOptions)
    await trainer.train()
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

describe('an option that cannot be is refused by name when the trainer is made', () => {
  const stream = [line({ samples: 4 })] as unknown as TrainerOptions['data']
  const cases: readonly [options: object, message: string | RegExp][] = [
    [{ batch_size: 4 }, /^the trainer has no option "batch_size"; there are backend, data/],
    [{ backend: undefined }, 'backend is undefined; give one such as wasm(task) of @hookstep/backend-tfjs'],
    [{ data: undefined }, /^data is undefined; give a dataset/],
    [{ data: {} }, 'data is neither a dataset ({ length, batch(indices) }) nor an iterable of batches'],
    [{ data: { length: 0, batch: () => ({}) } }, 'data is empty: its length is 0'],
    [{ epochs: undefined }, 'give steps or epochs: without either, training would not end'],
    [{ steps: 0 }, 'steps is 0; it must be a whole number from 1 on'],
    [{ epochs: 1.5 }, 'epochs is 1.5; it must be a whole number from 1 on'],
    [{ batchSize: -1 }, 'batchSize is -1; it must be a whole number from 1 on'],
    [{ accumulate: 0 }, 'accumulate is 0; it must be a whole number from 1 on'],
    [{ prefetch: -1 }, 'prefetch is -1; it must be a whole number from 0 on'],
    [{ seed: Number.NaN }, 'seed is NaN; it must be a whole number from 0 on'],
    [{ maxGradientNorm: 0 }, 'maxGradientNorm is 0; it must be a positive number'],
    [{ learningRate: -1 }, 'learningRate is -1; it must be a number from 0 on, or a schedule'],
    [{ learningRate: Number.NaN }, 'learningRate is NaN; it must be a number from 0 on, or a schedule'],
    [{ learningRate: '0.1' }, /^"0.1" is no learning rate: give a number or a schedule/],
    [{ lastBatch: 'pad' }, 'lastBatch is "pad"; it must be one of keep, drop'],
    [{ nonFiniteLoss: 'ignore' }, 'nonFiniteLoss is "ignore"; it must be one of stop, skip'],
    [{ log: 10 }, "log: 10 is not a trigger; write every('100 steps'), for example"],
    [{ evaluate: { data: null } }, /^evaluate.data is null; give a dataset/],
    [{ evaluate: { data: line(), when: 'often' } }, /^evaluate.when: "often" is not a trigger/],
    [
      { data: stream, batchSize: 4 },
      'batchSize needs a dataset; the batches of an iterable are taken as they come',
    ],
    [
      { batchSize: 16, lastBatch: 'drop' },
      /^data has fewer samples than the 16 of a step, and lastBatch is 'drop'/,
    ],
    [{ bus: new EventBus(), handlerTimeoutMs: 5 }, /^handlerTimeoutMs belongs to the bus/],
    [{ hooks: [{ name: 'no setup' }] }, /^hooks\[0\] is not { name, setup\(run\) }/],
    [{ hooks: { name: 'one', setup() {} } }, 'hooks is an object; give a list: hooks: [hook]'],
    [{ evaluate: { data: line(), trigger: every('1 step') } }, /^evaluate has no option "trigger"/],
    [{ signal: new AbortController() }, 'signal is an object; give an AbortSignal: controller.signal'],
    [{ distributed: inMemoryGroup(2) }, /^distributed is a list; give one rank of a group/],
    [{ shuffle: 'no' }, 'shuffle is "no"; it must be one of true, false'],
    [{ handlerTimeoutMs: -1 }, /^handlerTimeoutMs is -1; it must be positive/],
    [{ hooks: [() => {}] }, /^hooks\[0\] is not { name, setup\(run\) }, as a hook's factory returns it/],
    [
      { hooks: [faultyHook({ at: 'cleanup', fault: 'slow' }), faultyHook({ at: 'cleanup', fault: 'slow' })] },
      'two hooks are named "faulty": give one of them another name',
    ],
  ]
  for (const [options, message] of cases) {
    test(String(message), async () => {
      const told = await refusal(options)
      if (typeof message === 'string') expect(told).toBe(message)
      else expect(told).toMatch(message)
    })
  }

  test('a trigger in percent, where the length of the run is not known', async () => {
    const batch = { inputs: { data: Float32Array.of(1), shape: [1, 1] } }
    const { batchSize: _, ...rest } = good
    expect(() => new Trainer({ ...rest, data: [batch], log: every('5%') })).toThrow(
      'a trigger in percent needs a run of known length: give the trainer steps',
    )
  })
})

/** One batch of two samples whose targets are NaN from some step on. */
function spoiled(from: number): TrainerOptions['data'] {
  let batches = 0
  return () =>
    Array.from({ length: 4 }, (): Batch => {
      const target = ++batches >= from && batches < from + 2 ? Number.NaN : 1
      return {
        inputs: { data: Float32Array.of(0.5, 1), shape: [2, 1] },
        targets: { data: Float32Array.of(target, target), shape: [2, 1] },
      }
    })
}

describe('a loss that is not finite', () => {
  const { batchSize: _, ...rest } = good

  test('ends the run and names the step, before it reaches the parameters', async () => {
    let learned: readonly number[] = []
    const watch: Hook = {
      name: 'watch',
      setup(run) {
        run.subscribe(train.checkpoint, async ({ capture }) => {
          const { parameters } = (await capture()).session
          learned = Object.values(parameters).flatMap(({ data }) => Array.from(data))
        })
      },
    }
    await using trainer = new Trainer({ ...rest, data: spoiled(3), hooks: [watch] })
    await expect(trainer.train()).rejects.toThrow(/^the loss of step 3 is NaN; try a lower learning rate/)
    const [weight, bias] = learned as [number, number]
    const { data } = await trainer.predict({ inputs: { data: Float32Array.of(1), shape: [1, 1] } })
    expect(data[0]).toBeCloseTo(weight + bias, 6)
  })

  test('is found at the next reading, where numbers come late', async () => {
    const options = {
      ...rest,
      backend: plainBackend({ readbackLag: 2 }),
      data: spoiled(2),
      log: every('1 step'),
    }
    await using trainer = new Trainer(options)
    await expect(trainer.train()).rejects.toThrow(/^the loss of step 2 is NaN/)
  })

  for (const readbackLag of [0, 2]) {
    test(`skips the step, where the user chose so (readback lag ${readbackLag})`, async () => {
      const backend = plainBackend({ readbackLag })
      await using trainer = new Trainer({ ...rest, backend, data: spoiled(2), nonFiniteLoss: 'skip' })
      const summary = await trainer.train()
      expect(summary).toMatchObject({ outcome: 'finished', steps: 4, skippedSteps: 2 })
      expect(summary.warnings).toEqual(['the loss of step 2 is NaN: such steps are skipped, and counted'])
      expect(
        summary.requests.map(({ kind, reason, requestedBy, step }) => [kind, reason, requestedBy, step]),
      ).toEqual([
        ['skipStep', 'the loss is NaN', 'nonFiniteLoss', 2],
        ['skipStep', 'the loss is NaN', 'nonFiniteLoss', 3],
      ])
      const { data } = await trainer.predict({ inputs: { data: Float32Array.of(1), shape: [1, 1] } })
      expect(data[0]).toSatisfy(Number.isFinite)
    })
  }
})

describe('data that does not fit', () => {
  const inputs = { data: new Float32Array(4), shape: [4, 1] }
  const { batchSize: _, ...rest } = good

  test('arrays of different lengths', () => {
    expect(() => arrays({ inputs, targets: { data: new Float32Array(3), shape: [3, 1] } })).toThrow(
      'arrays.inputs has 4 samples, arrays.targets has 3: give each as many',
    )
  })

  test('an array that does not fill its shape', async () => {
    const batch = { inputs, targets: { data: new Float32Array(5), shape: [4, 1] } }
    expect(await refusal({ ...rest, batchSize: undefined, data: [batch] })).toBe(
      'batch.targets holds 5 numbers, which do not fill its shape [4, 1]',
    )
  })

  test('something else than arrays', async () => {
    expect(await refusal({ ...rest, batchSize: undefined, data: [[1, 2]] })).toMatch(
      /^batch.0 is not { data, shape }/,
    )
    expect(await refusal({ ...rest, batchSize: undefined, data: [7] })).toMatch(
      /^data gave 7: a batch is arrays/,
    )
  })

  test('a shape that the model does not take, at the step that meets it', async () => {
    const wide = { inputs: { data: new Float32Array(8), shape: [4, 2] }, targets: inputs }
    const message = await refusal({ ...rest, batchSize: undefined, data: [wide] })
    expect(message).toMatch(/inputs.*\[4, ?2\]/)
  })

  test('nothing at all', async () => {
    expect(await refusal({ ...rest, batchSize: undefined, data: [] })).toBe('data is empty: it gave no batch')
  })

  test('what can be read only once', async () => {
    const once = [{ inputs, targets: inputs }].values()
    expect(await refusal({ ...rest, batchSize: undefined, data: once, epochs: 2 })).toMatch(
      /^data gave no batch in epoch 2: what can be read only once ends after epoch 1/,
    )
  })
})

describe('a backend that is not there', () => {
  test('fails the run with its own words', async () => {
    const backend: Backend = {
      name: 'absent',
      open: () =>
        Promise.reject(new Error('the package absent-runtime is not installed: npm install absent-runtime')),
    }
    expect(await refusal({ backend })).toBe(
      'the package absent-runtime is not installed: npm install absent-runtime',
    )
  })
})

describe('a handler', () => {
  for (const fault of ['throws', 'rejects'] as const) {
    test(`that ${fault} ends the run, which names hook and event`, async () => {
      const hooks = [faultyHook({ at: train.step.post, fault })]
      expect(await refusal({ hooks })).toBe('Hook "faulty" failed at train.step.post: faulty on purpose')
    })
  }

  test('that never settles ends the run after the time it is given', async () => {
    const hooks = [faultyHook({ at: evaluate.pre, fault: 'never-settles' })]
    expect(await refusal({ hooks, evaluate: { data: line({ samples: 4 }) }, handlerTimeoutMs: 20 })).toBe(
      'Hook "faulty" failed at evaluate.pre: the handler\'s promise has not settled within 20 ms (handlerTimeoutMs)',
    )
  })

  test('that takes its time may, where the user says so', async () => {
    const hooks = [faultyHook({ at: train.step.post, fault: 'slow' })]
    expect(await refusal({ hooks, handlerTimeoutMs: Infinity })).toBe('no error')
  })

  test('that reads a number when it is not known is told when it is', async () => {
    const read = (event: typeof train.step.pre): Hook => ({
      name: 'reader',
      setup: (run) => void run.subscribe(event, async ({ loss }) => void (await loss())),
    })
    const known = 'is known from train.forward_backward.post until train.step.post'
    expect(await refusal({ hooks: [read(train.step.pre)] })).toContain(known)
    expect(await refusal({ hooks: [read(train.step.post)] })).toBe('no error')
  })

  test('that keeps a context learns that its numbers are gone', async () => {
    let kept: (() => Promise<number>) | undefined
    const keeper: Hook = {
      name: 'keeper',
      setup(run) {
        run.subscribe(train.step.post, ({ loss }) => {
          kept ??= loss
        })
      },
    }
    expect(await refusal({ hooks: [keeper] })).toBe('no error')
    await expect(kept?.()).rejects.toThrow('numbers of past steps come with train.log')
  })
})

describe('a trainer', () => {
  test('trains once', async () => {
    await using trainer = new Trainer(good)
    await trainer.train()
    await expect(trainer.train()).rejects.toThrow('this trainer has trained already: make a new one')
  })

  test('is of no use once closed', async () => {
    const trainer = new Trainer(good)
    await trainer.close()
    await trainer.close()
    await expect(trainer.train()).rejects.toThrow('this trainer is closed: make a new one')
  })

  test('refuses a hook that declares its state twice', async () => {
    const state = { version: 1, save: () => null, load() {} }
    const twice: Hook = {
      name: 'twice',
      setup(run) {
        run.persist(state)
        run.persist(state)
      },
    }
    expect(await refusal({ hooks: [twice] })).toBe(
      'Hook "twice" failed at setup: persist() is called once per hook: keep all state in one object',
    )
  })

  test('refuses a saved state that is none', async () => {
    const restore: Hook = {
      name: 'restore',
      setup: (run) => void run.subscribe(train.restore, (context) => context.restore({} as RunState)),
    }
    expect(await refusal({ hooks: [restore] })).toBe(
      'Hook "restore" failed at train.restore: this is not the state of a training run: give what capture() has returned',
    )
  })
})
