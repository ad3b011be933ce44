import { evaluate, every, type Hook, type Run, type RunState, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { corners, faultyHook, plainBackend, recordTrace } from '@hookstep/testing'
import { inMemoryGroup, type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const options: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 6, 2], loss: 'cross_entropy' }),
  data: corners({ samples: 50 }),
  batchSize: 12,
  epochs: 2,
  learningRate: 0.1,
  maxGradientNorm: 0.5,
  evaluate: { data: corners({ samples: 31, seed: 1 }) },
  log: every('1 step'),
}

interface Rank {
  readonly summary: RunSummary
  readonly state: RunState
  readonly logs: Readonly<Record<string, number>>[]
}

/** Trains on several ranks of this process; each takes its part of the batch. */
async function trainOn(worldSize: number, hooksOf: (rank: number) => Hook[] = () => []): Promise<Rank[]> {
  const batchSize = (options.batchSize as number) / worldSize
  return Promise.all(
    inMemoryGroup(worldSize).map(async (distributed) => {
      const logs: Readonly<Record<string, number>>[] = []
      let state: RunState | undefined
      const watch: Hook = {
        name: 'watch',
        setup(run) {
          run.subscribe(train.log, ({ values }) => logs.push(values))
          run.subscribe(train.checkpoint, async ({ capture }) => {
            state = await capture()
          })
        },
      }
      const hooks = [watch, ...hooksOf(distributed.rank)]
      await using trainer = new Trainer({ ...options, batchSize, distributed, hooks })
      return { summary: await trainer.train(), state: state as RunState, logs }
    }),
  )
}

/** What must be the same on every rank: counters of microbatches may differ. */
function learned(rank: Rank | undefined): object {
  const { parameters, slots } = (rank as Rank).state.session
  return { parameters, slots }
}

function closeTo(expected: unknown, digits: number): unknown {
  if (typeof expected === 'number') return expect.closeTo(expected, digits)
  if (Array.isArray(expected)) return expected.map((item) => closeTo(item, digits))
  if (typeof expected !== 'object' || expected === null) return expected
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, closeTo(value, digits)]))
}

/** Typed arrays as lists, so that they are compared number by number. */
function lists(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array)
  if (Array.isArray(value)) return value.map(lists)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, lists(item)]))
}

describe('several ranks learn what one learns from the whole batch', async () => {
  const [alone] = await trainOn(1)
  for (const worldSize of [2, 3, 4]) {
    test(`${worldSize} ranks`, async () => {
      const ranks = await trainOn(worldSize)
      for (const rank of ranks) {
        // Bit-identical to each other …
        expect(learned(rank)).toEqual(learned(ranks[0]))
        expect(rank.logs).toEqual(ranks[0]?.logs)
        expect(rank.summary.lastEvaluation).toEqual(ranks[0]?.summary.lastEvaluation)
        // … and as close to one rank as sums in another order can be.
        expect(lists(rank.state.session.parameters)).toEqual(
          closeTo(lists(alone?.state.session.parameters), 5),
        )
        expect({ ...rank.logs }).toEqual(closeTo({ ...alone?.logs }, 5))
        expect(rank.summary.lastEvaluation).toEqual(closeTo(alone?.summary.lastEvaluation, 5))
        expect(rank.summary.samples).toBe(100)
      }
    })
  }
})

test('a rank without a sample of the step that is logged takes part all the same', async () => {
  // The second step has one sample for two ranks.
  const short = { ...options, data: corners({ samples: 7 }), batchSize: 3, epochs: 1, log: every('2 steps') }
  const summaries = await Promise.all(
    inMemoryGroup(2).map(async (distributed) => {
      await using trainer = new Trainer({ ...short, distributed })
      return trainer.train()
    }),
  )
  const logs = summaries.map(({ lastLog }) => lastLog)
  expect(Object.keys(logs[0] as object)).toEqual(['loss', 'accuracy', 'gradient_norm', 'learning_rate'])
  expect(logs[1]).toEqual(logs[0])
})

test('every context and hook knows its rank', async () => {
  const seen: string[] = []
  await trainOn(2, () => [
    {
      name: 'who',
      setup(run) {
        const { rank, worldSize, isMain } = run.distributed
        run.subscribe(train.ready, ({ distributed }) => {
          seen.push(`${rank} of ${worldSize}, main: ${isMain}, context: ${distributed.rank}`)
        })
      },
    },
  ])
  expect(seen.sort()).toEqual(['0 of 2, main: true, context: 0', '1 of 2, main: false, context: 1'])
})

test('what one rank asks for, all do at the same step', async () => {
  const traces = [recordTrace({ only: ['train.step.post', 'train.log', 'evaluate.post', 'train.stopped'] })]
  traces.push(recordTrace({ only: ['train.step.post', 'train.log', 'evaluate.post', 'train.stopped'] }))
  const asking: Hook = {
    name: 'asking',
    setup(run) {
      run.subscribe(train.step.pre, ({ step }) => {
        if (step === 2) run.evaluate('to see')
        if (step === 3) run.skipStep('odd')
        if (step === 4) run.stop('enough')
      })
    },
  }
  const ranks = await trainOn(2, (rank) => [traces[rank] as Hook, ...(rank === 1 ? [asking] : [])])
  const [main, other] = traces.map((trace) => trace.lines.join('\n'))
  expect(main).toContain('train.stopped 4 "asked for on another rank" requested by another rank')
  expect(other).toContain('train.stopped 4 "enough" requested by asking')
  const steps = (trace: string | undefined) => trace?.split('\n').filter((line) => !line.includes('stopped'))
  expect(steps(main)).toEqual(steps(other))
  expect(ranks.map(({ summary }) => summary.skippedSteps)).toEqual([1, 1])
  expect(learned(ranks[0])).toEqual(learned(ranks[1]))
})

test('a signal on one rank ends all at once', async () => {
  const controller = new AbortController()
  const group = inMemoryGroup(2)
  const summaries = await Promise.all(
    group.map(async (distributed) => {
      const abort: Hook = {
        name: 'abort',
        setup(run) {
          run.subscribe(train.microbatch.post, ({ step }) => {
            if (distributed.rank === 1 && step === 3) controller.abort(new Error('SIGTERM'))
          })
        },
      }
      const signal = distributed.rank === 1 ? { signal: controller.signal } : {}
      await using trainer = new Trainer({ ...options, ...signal, distributed, hooks: [abort] })
      return trainer.train()
    }),
  )
  expect(summaries.map(({ outcome, steps, reason }) => ({ outcome, steps, reason }))).toEqual([
    { outcome: 'stopped', steps: 3, reason: 'aborted on another rank' },
    { outcome: 'stopped', steps: 3, reason: 'SIGTERM' },
  ])
})

test('a rank that fails takes the others with it: none waits for ever', async () => {
  const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 2 })
  const group = inMemoryGroup(3)
  const results = await Promise.allSettled(
    group.map(async (distributed) => {
      const hooks = distributed.rank === 2 ? [failing] : []
      await using trainer = new Trainer({ ...options, distributed, hooks })
      return trainer.train()
    }),
  )
  expect(results.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual([
    'another rank failed: Hook "faulty" failed at train.step.post: faulty on purpose',
    'another rank failed: Hook "faulty" failed at train.step.post: faulty on purpose',
    'Hook "faulty" failed at train.step.post: faulty on purpose',
  ])
})

/** Trains two ranks, the hooks of rank 1 in addition; tells how each ended. */
async function endsOf(hooks: readonly Hook[], overrides: Partial<TrainerOptions> = {}): Promise<string[]> {
  return Promise.all(
    inMemoryGroup(2).map(async (distributed) => {
      const own = distributed.rank === 1 ? hooks : []
      const steps: number[] = []
      const count: Hook = {
        name: 'count',
        setup: (run) => void run.subscribe(evaluate.post, ({ step }) => steps.push(step)),
      }
      await using trainer = new Trainer({ ...options, ...overrides, distributed, hooks: [count, ...own] })
      return trainer.train().then(
        (summary) => `${summary.outcome} at ${summary.steps}, evaluated at ${steps.join(', ')}`,
        (error: Error) => error.message,
      )
    }),
  )
}

/** Asks at the n-th delivery of an event. */
function asking(event: Event<object>, ask: (run: Run) => void, delivery = 1): Hook {
  return {
    name: `asks at ${event.id}`,
    setup(run) {
      let deliveries = 0
      run.subscribe(event, () => {
        if (++deliveries === delivery) ask(run)
      })
    },
  }
}

describe('ranks stay together, whichever of them asks, and when', () => {
  const atEndOnly = {
    evaluate: { data: corners({ samples: 31, seed: 1 }), when: every('99 steps', { last: true }) },
  }

  test('to evaluate or to stop, when a log is delivered', async () => {
    expect(await endsOf([asking(train.log, (run) => run.evaluate('see'))], atEndOnly)).toEqual(
      Array(2).fill('finished at 6, evaluated at 1, 6'),
    )
    expect(await endsOf([asking(train.log, (run) => run.stop('enough'))], atEndOnly)).toEqual(
      Array(2).fill('stopped at 1, evaluated at 1'),
    )
  })

  test('to save, in the evaluation that the end brings', async () => {
    const hooks = [
      asking(train.checkpoint, (run) => run.stop('enough')),
      asking(evaluate.post, (run) => run.save('best')),
    ]
    expect(await endsOf(hooks, atEndOnly)).toEqual(Array(2).fill('stopped at 1, evaluated at 1'))
  })

  test('to stop, at some moment between two events', async () => {
    for (let turns = 0; turns < 60; turns++) {
      const later = async (): Promise<void> => {
        for (let turn = 0; turn < turns; turn++) await undefined
      }
      const hook = asking(train.step.pre, (run) => {
        void later().then(() => run.stop('enough'))
      })
      const [first, second] = await endsOf([hook], atEndOnly)
      expect(second).toBe(first)
      expect(first).toMatch(/^stopped at [12]/)
    }
  })

  test('and one that cannot be set up takes the others with it', async () => {
    const bad: Hook = {
      name: 'bad',
      setup() {
        throw new Error('no room')
      },
    }
    expect(await endsOf([bad])).toEqual([
      'another rank failed: Hook "bad" failed at setup: no room',
      'Hook "bad" failed at setup: no room',
    ])
  })

  test('and one that restores another step than the others', async () => {
    const [, other] = await trainOn(2)
    const restoring: Hook = {
      name: 'restoring',
      setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore((other as Rank).state)),
    }
    expect(await endsOf([restoring], { batchSize: 6 })).toEqual(
      Array(2).fill('ranks restored different steps, from 0 to 10: restore the same step on each'),
    )
  })

  test('each rank may resume from its own state, to the same bits', async () => {
    const noisy: Partial<TrainerOptions> = {
      backend: plainBackend({ layers: [2, 6, 2], loss: 'cross_entropy', inputNoise: 0.1 }),
      data: corners({ samples: 7 }),
      batchSize: 3,
    }
    const states = async (restored?: RunState[]): Promise<RunState[][]> =>
      Promise.all(
        inMemoryGroup(2).map(async (distributed) => {
          const seen: RunState[] = []
          const hook: Hook = {
            name: 'states',
            setup(run) {
              const state = restored?.[distributed.rank]
              if (state !== undefined) run.subscribe(train.restore, ({ restore }) => restore(state))
              run.subscribe(train.checkpoint, async ({ capture }) => {
                seen.push(structuredClone(await capture()))
              })
            },
          }
          await using trainer = new Trainer({ ...options, ...noisy, distributed, hooks: [hook] })
          await trainer.train()
          return seen
        }),
      )
    const whole = await states()
    const resumed = await states(whole.map((seen) => seen[1] as RunState))
    const sessions = (ranks: RunState[][]) => ranks.map((seen) => seen.at(-1)?.session)
    expect(sessions(resumed)).toEqual(sessions(whole))
  })
})
