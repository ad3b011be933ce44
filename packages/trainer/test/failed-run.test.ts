import { every, type Hook, type RunState, train } from '@hookstep/catalogue'
import { corners, plainBackend } from '@hookstep/testing'
import { type Backend, type Dataset, type Session, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { comparable, joined, type Plot, play, type Story, stepsOf } from './interrupted-run.ts'

const backend = plainBackend({ layers: [2, 5, 2], loss: 'cross_entropy', inputNoise: 0.1 })

const options: TrainerOptions = {
  backend,
  data: corners({ samples: 10 }),
  batchSize: 2,
  accumulate: 2,
  epochs: 2,
  seed: 5,
  learningRate: 0.2,
  maxGradientNorm: 0.4,
  evaluate: { data: corners({ samples: 5, seed: 1 }), when: every('2 steps'), batchSize: 2 },
  log: every('1 step'),
}

const plot: Plot = { optionsOf: () => options }

const fail = (): never => {
  throw new Error('broken')
}

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

/** Where each event from `train.ready` to `train.finished` comes for the first time, and where for the third. */
function occurrences(lines: readonly string[]): (readonly [id: string, event: number])[] {
  const ids = lines.map((line) => line.slice(0, line.indexOf(' ')))
  const counts = new Map<string, number>()
  return ids.flatMap((id, index) => {
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    const isWithin = index >= ids.indexOf('train.ready') && index < ids.indexOf('train.finished')
    return isWithin && (count === 1 || count === 3) ? [[id, index + 1] as const] : []
  })
}

/** What was told up to the event at which a handler failed. */
function before(lines: readonly string[], event: number): readonly string[] {
  return lines.slice(0, event - 1)
}

describe('a run that failed is continued with the event that failed', async () => {
  const [whole] = (await play(plot)) as [Story]
  const events = occurrences(whole.lines)

  test.each(events)('%s, event %i', async (_, event) => {
    const [first] = (await play({ ...plot, at: { rank: 0, event, act: fail } })) as [Story]
    const [resumed] = (await play({ ...plot, from: [first.left as RunState] })) as [Story]
    expect(joined(before(first.lines, event), resumed.lines)).toEqual(stepsOf(whole.lines))
    expect(comparable(resumed.end)).toEqual(comparable(whole.end))
  })

  test('with several ranks, those that did not fail are told the last event again', async () => {
    const several: Plot = { ...plot, worldSize: 2 }
    const both = await play(several)
    const refused: string[] = []
    for (const [id, event] of occurrences((both[1] as Story).lines)) {
      const first = await play({ ...several, at: { rank: 1, event, act: fail } })
      const from = first.map(({ left }) => left as RunState)
      const resumed = await play({ ...several, from }).catch(({ message }: Error) => {
        expect(message).toMatch('ranks restored different parts of step')
        refused.push(id)
      })
      if (resumed) expect(resumed.map(({ end }) => end.session)).toEqual(both.map(({ end }) => end.session))
    }
    // There, others have gone further, and what ranks do together cannot be done by one.
    expect([...new Set(refused)]).toEqual(['train.log', 'evaluate.post', 'train.epoch.post'])
  })
})

describe('what fails besides handlers', async () => {
  const [whole] = (await play(plot)) as [Story]

  /** A backend of which a verb fails at its n-th call. */
  const broken = (verb: 'forwardBackward' | 'optimizerStep' | 'evaluate', at: number): Backend => ({
    name: backend.name,
    async open(opening) {
      const session = await backend.open(opening)
      let calls = 0
      return new Proxy<Session>(session, {
        get(target, key) {
          if (key === verb && ++calls === at) return fail
          const value = Reflect.get(target, key)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  })

  async function endAfter(overrides: Partial<TrainerOptions>): Promise<RunState> {
    const [first] = (await play({ optionsOf: () => ({ ...options, ...overrides }) })) as [Story]
    const [resumed] = (await play({ ...plot, from: [first.left as RunState] })) as [Story]
    return resumed.end
  }

  test('a forward pass: its microbatch is done again', async () => {
    expect(comparable(await endAfter({ backend: broken('forwardBackward', 4) }))).toEqual(
      comparable(whole.end),
    )
  })

  test('a fetch: its batch is fetched again', async () => {
    const { length, batch } = options.data as Dataset
    let fetched = 0
    const data: Dataset = {
      length,
      batch: (indices, random) => (++fetched === 4 ? fail() : batch(indices, random)),
    }
    expect(comparable(await endAfter({ data }))).toEqual(comparable(whole.end))
  })

  test('an evaluation: its batch is evaluated again', async () => {
    expect(comparable(await endAfter({ backend: broken('evaluate', 2) }))).toEqual(comparable(whole.end))
  })

  test('a loss that is not finite: with another option the step is skipped', async () => {
    const { length, batch } = options.data as Dataset
    const data: Dataset = {
      length,
      async batch(indices, random) {
        const { inputs, targets } = (await batch(indices, random)) as Record<string, never>
        const { data: numbers, shape } = inputs as unknown as { data: Float32Array; shape: number[] }
        return {
          targets: targets as never,
          inputs: { data: numbers.map((n, i) => (indices[0] === 3 && i === 0 ? Number.NaN : n)), shape },
        }
      },
    }
    const [first] = (await play({ optionsOf: () => ({ ...options, data }) })) as [Story]
    const skipping: Plot = { optionsOf: () => ({ ...options, data, nonFiniteLoss: 'skip' }) }
    const [resumed] = (await play({ ...skipping, from: [first.left as RunState] })) as [Story]
    const [skipped] = (await play(skipping)) as [Story]
    expect(resumed.end.session).toEqual(skipped.end.session)
    expect(resumed.summary.warnings[0]).toBe(
      'the saved run has nonFiniteLoss "stop", this one "skip": from here on it is another run than the saved one',
    )
  })

  async function refusalOf(overrides: Partial<TrainerOptions>): Promise<unknown> {
    let refusal: unknown
    const asking: Hook = {
      name: 'asking',
      setup: (run) =>
        void run.subscribe(train.failed, async ({ capture }) => {
          refusal = await capture().catch((error: Error) => error.message)
        }),
    }
    await using trainer = new Trainer({ ...options, ...overrides, hooks: [asking] })
    await trainer.train().catch(() => {})
    return refusal
  }

  test('an update that broke off leaves nothing to go on from', async () => {
    expect(await refusalOf({ backend: broken('optimizerStep', 2) })).toBe(
      'there is nothing to go on from: the update of step 2 broke off',
    )
  })

  test('nor does a backend that never opened', async () => {
    expect(await refusalOf({ backend: { name: 'none', open: fail } })).toBe(
      'there is nothing to go on from: the run failed before train.ready',
    )
  })

  test('nor is there anything to capture once the event is over', async () => {
    let late: (() => Promise<RunState>) | undefined
    const asking: Hook = {
      name: 'asking',
      setup(run) {
        run.subscribe(train.step.post, fail)
        run.subscribe(train.failed, ({ capture }) => {
          late = capture
        })
      },
    }
    await using trainer = new Trainer({ ...options, hooks: [asking] })
    await expect(trainer.train()).rejects.toThrow('broken')
    await expect(late?.()).rejects.toThrow('capture() can be called while train.failed is delivered only')
  })
})
