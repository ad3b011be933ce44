import { evaluate, every, type Hook, type RunState, train } from '@hookstep/catalogue'
import { line, plainBackend } from '@hookstep/testing'
import {
  type Backend,
  cosine,
  inMemoryGroup,
  linear,
  type ProcessGroup,
  Trainer,
  type TrainerOptions,
} from '@hookstep/trainer'
import { beforeAll, describe, expect, test, vi } from 'vitest'

const saved: TrainerOptions = {
  backend: plainBackend(),
  data: line({ samples: 24 }),
  steps: 4,
  batchSize: 2,
  accumulate: 2,
  learningRate: 0.1,
  evaluate: { data: line({ samples: 6, seed: 1 }), when: every('1 step'), batchSize: 2 },
  seed: 3,
}

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

type Moment = 'between' | 'within' | 'evaluating'

/** A state that was saved between two steps, within one, or within its evaluation. */
async function stateOf(moment: Moment, options: Partial<TrainerOptions> = {}): Promise<RunState> {
  let state: RunState | undefined
  const saving: Hook = {
    name: 'saving',
    setup(run) {
      const save = (): void => run.save('to be compared', { now: true })
      if (moment === 'within') run.subscribe(train.microbatch.post, save, { once: true })
      if (moment === 'evaluating') run.subscribe(evaluate.step.post, save, { once: true })
      run.subscribe(
        train.checkpoint,
        async ({ capture }) => {
          state = await capture()
        },
        { once: true },
      )
    },
  }
  await using trainer = new Trainer({ ...saved, ...options, hooks: [saving] })
  await trainer.train()
  return state as RunState
}

/** What a run says that goes on from a state: its warnings, or what refused it. */
async function verdictOn(
  state: RunState,
  options: Partial<TrainerOptions>,
): Promise<readonly string[] | string> {
  const restoring: Hook = {
    name: 'restoring',
    setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(state)),
  }
  await using trainer = new Trainer({ ...saved, hooks: [restoring], ...options } as TrainerOptions)
  return trainer.train().then(
    ({ warnings }) => warnings,
    ({ message }: Error) => message,
  )
}

const refusing = 'Hook "restoring" failed at train.restore: '

const renamed: Backend = { ...plainBackend(), name: 'plane' }
const [rank] = inMemoryGroup(1) as [ProcessGroup]
/** Says that it is one of two, and is alone. */
const ofTwo: ProcessGroup = {
  ...rank,
  worldSize: 2,
  allReduce: () => {},
  broadcast: () => {},
  barrier: () => {},
  abort: () => {},
}

describe('between two steps', async () => {
  const state = await stateOf('between')
  const another = 'from here on it is another run than the saved one'

  const allowed: Record<string, Partial<TrainerOptions>> = {
    nothing: {},
    steps: { steps: 6 },
    epochs: { epochs: 1 },
    prefetch: { prefetch: 0 },
    log: { log: every('1 step') },
    'the cadence of evaluations': { evaluate: { data: line({ samples: 6, seed: 1 }), batchSize: 3 } },
  }
  test.each(Object.entries(allowed))('%s may be another', async (_, options) => {
    expect(await verdictOn(state, options)).toEqual([])
  })

  test('hooks may be others', async () => {
    const hooks: Hook[] = [
      { name: 'other', setup() {} },
      {
        name: 'restoring',
        setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(state)),
      },
    ]
    expect(await verdictOn(state, { hooks })).toEqual([])
  })

  const told: [string, Partial<TrainerOptions>, string][] = [
    ['backend', { backend: renamed }, 'the saved run has backend "plain", this one "plane"'],
    ['batchSize', { batchSize: 3 }, 'the saved run has batchSize 2, this one 3'],
    ['accumulate', { accumulate: 1 }, 'the saved run has accumulate 2, this one 1'],
    ['learningRate', { learningRate: 0.2 }, 'the saved run has learningRate 0.1, this one 0.2'],
    ['maxGradientNorm', { maxGradientNorm: 1 }, 'the saved run has maxGradientNorm unset, this one 1'],
    ['nonFiniteLoss', { nonFiniteLoss: 'skip' }, 'the saved run has nonFiniteLoss "stop", this one "skip"'],
  ]
  test.each(told)('another %s makes it another run, which is told', async (_, options, text) => {
    expect(await verdictOn(state, options)).toEqual([`${text}: ${another}`])
  })

  const refused: [string, Partial<TrainerOptions>, string][] = [
    ['length of the data', { data: line({ samples: 20 }) }, 'the saved run has data.length 24, this one 20'],
    ['seed', { seed: 4 }, 'the saved run has seed 3, this one 4'],
    ['shuffle', { shuffle: false }, 'the saved run has shuffle true, this one false'],
    ['lastBatch', { lastBatch: 'drop' }, 'the saved run has lastBatch "keep", this one "drop"'],
    ['worldSize', { distributed: ofTwo }, 'the saved run has worldSize 1, this one 2'],
  ]
  test.each(refused)('another %s is refused', async (_, options, text) => {
    expect(await verdictOn(state, options)).toBe(`${refusing}${text}: give it the same`)
  })

  test('all differences are named at once, and a stream is no dataset', async () => {
    const { batchSize, ...others } = saved
    const data = (): never[] => []
    const restoring: Hook = {
      name: 'restoring',
      setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(state)),
    }
    await using trainer = new Trainer({ ...others, seed: 4, data, hooks: [restoring] })
    await expect(trainer.train()).rejects.toThrow(
      'the saved run has data.length 24, this one unset: give it the same; the saved run has seed 3, this one 4',
    )
  })
})

describe('schedules are told apart by their rates', async () => {
  const state = await stateOf('between', { learningRate: cosine({ from: 0.1, steps: 4 }) })

  test('the same one is the same, in a run of another length too', async () => {
    const learningRate = cosine({ from: 0.1, steps: 4 })
    expect(await verdictOn(state, { learningRate })).toEqual([])
    expect(await verdictOn(state, { learningRate, steps: 12 })).toEqual([])
  })

  test('another one is told with the first rate that differs', async () => {
    expect(await verdictOn(state, { learningRate: linear({ from: 0.1, steps: 4 }) })).toEqual([
      expect.stringMatching(/learningRate 0.075\d* at step 2, this one 0.066\d*: from here on/),
    ])
    expect(await verdictOn(state, { learningRate: 0.1 })).toEqual([
      expect.stringMatching(/learningRate 0.075\d* at step 2, this one 0.1: from here on/),
    ])
  })

  test('one that follows the length of the run is another when that is', async () => {
    const following = await stateOf('between', { learningRate: cosine({ from: 0.1 }) })
    expect(await verdictOn(following, { learningRate: cosine({ from: 0.1 }), steps: 12 })).toEqual([
      expect.stringMatching(/learningRate .* at step 2, this one/),
    ])
  })
})

describe('within a step', async () => {
  const [within, evaluating] = [await stateOf('within'), await stateOf('evaluating')]
  const remedy = 'give it the same, or restore a state that was not taken within a step'

  test('what cuts the step into microbatches is refused as well', async () => {
    expect(await verdictOn(within, { batchSize: 4 })).toBe(
      `${refusing}the saved run has batchSize 2, this one 4: ${remedy}`,
    )
    expect(await verdictOn(within, { accumulate: 3 })).toBe(
      `${refusing}the saved run has accumulate 2, this one 3: ${remedy}`,
    )
  })

  test('what cuts the evaluation into batches is refused within an evaluation only', async () => {
    const evaluate = { data: line({ samples: 6, seed: 1 }), batchSize: 3 }
    expect(await verdictOn(within, { evaluate })).toEqual([])
    expect(await verdictOn(evaluating, { evaluate })).toBe(
      `${refusing}the saved run has evaluate.batchSize 2, this one 3: ${remedy}`,
    )
  })

  test('the length of the run may be another', async () => {
    expect(await verdictOn(within, { steps: 6 })).toEqual([])
    expect(await verdictOn(evaluating, { steps: 1 })).toEqual([])
  })

  test('an evaluation cannot go on with fewer batches than it has done', async () => {
    const evaluate = { data: line({ samples: 2, seed: 1 }), batchSize: 2 }
    const done = {
      ...evaluating,
      partial: { ...evaluating.partial, evaluation: { batches: 3, samples: 6, sums: {} } },
    }
    expect(await verdictOn(done as RunState, { evaluate })).toBe(
      'data to evaluate on has 2 samples; the saved run had done 3 batches of it',
    )
  })

  test('a stream that gives other batches is refused', async () => {
    const batches = (size: number) => (): never[] =>
      [0, 1, 2, 3].map(() => ({
        inputs: { data: new Float32Array(size), shape: [size, 1] },
        targets: { data: new Float32Array(size), shape: [size, 1] },
      })) as never[]
    const { batchSize: _, ...options } = saved
    const streaming = { ...options, batchSize: undefined, evaluate: undefined } as never
    const state = await stateOf('within', { ...(streaming as object), data: batches(2) })
    expect(await verdictOn(state, { ...(streaming as object), data: batches(3) })).toBe(
      `${refusing}data gave 6 samples in 2 batches; the saved run had taken 4 in 2`,
    )
  })

  test('an event that is none is refused', async () => {
    const state = { ...within, partial: { ...within.partial, next: 'train.lunch' } }
    expect(await verdictOn(state as RunState, {})).toBe(
      `${refusing}the saved step goes on with "train.lunch", which is no event of a step`,
    )
  })
})

describe('a trainer loads the model of a saved run', async () => {
  const data = line({ samples: 9, seed: 2 })
  const state = await stateOf('between')

  test('to evaluate it, and to predict with it', async () => {
    await using trained = new Trainer({ ...saved, steps: 1 })
    await trained.train()
    await using trainer = new Trainer({ ...saved, seed: 99 })
    const fresh = await trainer.evaluate(data)
    await trainer.load(state)
    const steps: number[] = []
    const watching: Hook = {
      name: 'watching',
      setup: (run) => void run.subscribe(evaluate.pre, ({ step }) => steps.push(step)),
    }
    const loaded = await trainer.evaluate(data, { hooks: [watching] })
    expect(loaded).toEqual(await trained.evaluate(data))
    expect(loaded).not.toEqual(fresh)
    expect(steps).toEqual([1])
    const batch = { inputs: { data: Float32Array.of(1, 2), shape: [2, 1] } }
    expect(await trainer.predict(batch)).toEqual(await trained.predict(batch))
  })

  test('of one that was saved within a step as well: what it had added up is left out', async () => {
    await using trainer = new Trainer(saved)
    await trainer.load(await stateOf('evaluating'))
    const evaluated = await trainer.evaluate(data)
    await trainer.load(state)
    expect(await trainer.evaluate(data)).toEqual(evaluated)
  })

  test('after training as well, not while it trains; and trains no more', async () => {
    const loading: Hook = {
      name: 'loading',
      setup: (run) => void run.subscribe(train.ready, () => trainer.load(state)),
    }
    const trainer = new Trainer({ ...saved, hooks: [loading] })
    await expect(trainer.train()).rejects.toThrow('load() would change the model that is being trained')
    await trainer.load(state)
    await expect(trainer.train()).rejects.toThrow('this trainer holds a saved model, to be evaluated')
    await trainer.close()
  })

  test('unless it does not fit, naming what differs', async () => {
    await using trainer = new Trainer({ ...saved, backend: plainBackend({ layers: [1, 2, 1] }) })
    await expect(trainer.load(state)).rejects.toThrow('parameter "layer1/kernel" has the shape')
  })
})
