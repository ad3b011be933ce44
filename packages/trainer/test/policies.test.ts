import { every, type Hook, hook as hookEvents, type RunState, train } from '@hookstep/catalogue'
import { background, isolated, onRank } from '@hookstep/core/policies'
import { type Fault, faultyHook, line, plainBackend, recordTrace } from '@hookstep/testing'
import { inMemoryGroup, type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

const small: TrainerOptions = { backend: plainBackend(), data: line({ samples: 8 }), batchSize: 1, steps: 6 }

async function trained(hooks: readonly Hook[], options: Partial<TrainerOptions> = {}): Promise<RunSummary> {
  await using trainer = new Trainer({ ...small, ...options, hooks })
  return trainer.train()
}

/** Lets time pass only when there is nothing to do but wait, so that no deadline depends on how fast the machine is. */
async function inTheirOwnTime<Result>(work: Promise<Result>): Promise<Result> {
  let isOver = false
  const end = (): void => {
    isOver = true
  }
  work.then(end, end)
  for (let turn = 1; !isOver; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (turn % 10 === 0) vi.advanceTimersByTime(1)
  }
  return work
}

describe('what becomes of a run whose hook misbehaves at its third step', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  const policies: Record<string, (hook: Hook) => Hook> = {
    none: (hook) => hook,
    isolated: (hook) => isolated(hook, { handlerTimeoutMs: 20 }),
    background: (hook) => background(hook, { drainMs: 20 }),
    'isolated(background)': (hook) => isolated(background(hook, { drainMs: 20 })),
    'background(isolated)': (hook) => background(isolated(hook), { drainMs: 20 }),
    "onRank('main', background)": (hook) => onRank('main', background(hook, { drainMs: 20 })),
  }
  const failed = 'Hook "faulty" failed at train.step.post:'
  const outcomes: Record<Fault, (policy: string) => string> = {
    throws: (policy) => (policy === 'none' ? `${failed} faulty on purpose` : '1 failure: faulty on purpose'),
    rejects: (policy) => (policy === 'none' ? `${failed} faulty on purpose` : '1 failure: faulty on purpose'),
    'never-settles': (policy) =>
      policy === 'none'
        ? `${failed} the handler's promise has not settled within 100 ms (handlerTimeoutMs)`
        : policy === 'isolated'
          ? '1 failure: its promise has not settled within 20 ms (handlerTimeoutMs)'
          : '1 failure: its promise has not settled: the run is over, and the queue was not empty after 20 ms (drainMs)',
    slow: () => 'nothing',
  }

  const cells = Object.keys(policies).flatMap((policy) =>
    (Object.keys(outcomes) as Fault[]).map((fault) => [fault, policy] as const),
  )

  test.each(cells)('it %s, policy: %s', async (fault, policy) => {
    const faulty = faultyHook({ at: train.step.post, fault, delivery: 3, slowMs: 5 })
    const wrapped = (policies[policy] as (hook: Hook) => Hook)(faulty)
    const run = trained([wrapped], { handlerTimeoutMs: 100 })
    const outcome = await inTheirOwnTime(run).then(
      ({ incidents: { faulty } }) =>
        faulty === undefined
          ? 'nothing'
          : `${faulty.failures} failure: ${faulty.firstFailure?.replace('train.step.post: ', '')}`,
      (error: Error) => error.message,
    )
    expect(outcome).toBe(outcomes[fault](policy))
  })
})

test('what befalls a hook is told as events, counted, and warned of once', async () => {
  const told: string[] = []
  const listener: Hook = {
    name: 'listener',
    setup(run) {
      run.subscribe(hookEvents.failed, ({ hook, at, error }) => told.push(`${hook} ${at}: ${error}`))
      run.subscribe(hookEvents.dropped, ({ hook, at, count, reason }) =>
        told.push(`${hook} ${at}: ${count}, ${reason}`),
      )
    },
  }
  const failing: Hook = {
    name: 'failing',
    setup(run) {
      run.subscribe(train.step.post, ({ step }) => {
        throw new Error(`no step ${step}`)
      })
      return () => {
        throw new Error('no end')
      }
    },
  }
  const { incidents, warnings, outcome } = await trained([listener, isolated(failing, { disableAfter: 2 })])
  expect(told).toEqual([
    'failing train.step.post: Error: no step 1',
    'failing train.step.post: Error: no step 2',
    'failing train.step.post: 1, its handlers have failed 2 times (disableAfter)',
    'failing cleanup: Error: no end',
    'failing train.step.post: 3, its handlers have failed 2 times (disableAfter)',
  ])
  expect(incidents).toEqual({
    failing: { failures: 3, dropped: 4, firstFailure: 'train.step.post: no step 1' },
  })
  expect(warnings).toEqual([
    'hook "failing" failed at train.step.post: no step 1; the run goes on',
    'hook "failing" was not told of train.step.post: its handlers have failed 2 times (disableAfter)',
  ])
  expect(outcome).toBe('finished')
})

describe('a hook in the background', () => {
  test('is told all of a run, in order, the end included', async () => {
    const [beside, within] = [recordTrace({ name: 'beside' }), recordTrace()]
    const { incidents } = await trained([background(beside), within], {
      evaluate: { data: line({ samples: 2 }) },
    })
    expect(beside.lines).toEqual(within.lines)
    expect(beside.lines.at(-1)).toBe('train.closed 6 finished')
    expect(incidents).toEqual({})
  })

  test('steers by requests: they count at the step under way by then', async () => {
    const stopping: Hook = {
      name: 'stopping',
      setup: (run) =>
        void run.subscribe(train.step.post, ({ step }) => {
          if (step === 3) run.stop('seen enough')
        }),
    }
    const hooks = [background(stopping, { capacity: 1 })]
    expect(await trained(hooks, { steps: 1000 })).toMatchObject({
      outcome: 'stopped',
      requestedBy: 'stopping',
      incidents: {},
    })
  })

  test('has triggers decided at the moment of the event', async () => {
    const told: number[] = []
    const counting: Hook = {
      name: 'counting',
      setup: (run) =>
        void run.subscribe(train.step.post, ({ step }) => told.push(step), { when: every('2 steps') }),
    }
    await trained([background(counting)])
    expect(told).toEqual([2, 4, 6])
  })

  test('finds the numbers of a past step with train.log, not in its context', async () => {
    const reading: Hook = {
      name: 'reading',
      setup: (run) => void run.subscribe(train.forward_backward.post, ({ loss }) => loss()),
    }
    const { incidents } = await trained([background(reading)])
    // The last one is not past when the end waits for the queue.
    expect(incidents.reading?.failures).toBe(5)
    expect(incidents.reading?.firstFailure).toBe(
      'train.forward_backward.post: loss() of step 1 is known from train.forward_backward.post until ' +
        'train.step.post; numbers of past steps come with train.log',
    )
  })

  /** Counts steps, each only after a turn of the event loop, and keeps the count. */
  function counter() {
    const seen = { count: 0 }
    const hook: Hook = {
      name: 'counter',
      setup(run) {
        run.persist({
          version: 1,
          save: () => seen.count,
          load: (state: number) => {
            seen.count = state
          },
        })
        run.subscribe(train.configuration.start, () => {
          seen.count = 0
        })
        run.subscribe(train.step.post, async () => {
          await new Promise((resolve) => setImmediate(resolve))
          seen.count++
        })
      },
    }
    return { seen, hook }
  }

  test('keeps its state across a stop and a resume: a checkpoint has all that it was told up to then', async () => {
    const states: RunState[] = []
    const saving: Hook = {
      name: 'saving',
      setup: (run) =>
        void run.subscribe(train.checkpoint, async ({ capture }) => {
          states.push(await capture())
        }),
    }
    const restoring: Hook = {
      name: 'restoring',
      setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(states[3] as RunState)),
    }
    await trained([background(counter().hook), saving])
    expect(states.map(({ hooks }) => hooks.counter?.state)).toEqual([1, 2, 3, 4, 5, 6])
    const { hook, seen } = counter()
    await trained([background(hook), restoring])
    expect(seen.count).toBe(6)
  })
})

test('a hook on the main rank is nowhere else', async () => {
  const told: number[] = []
  await Promise.all(
    inMemoryGroup(3).map((distributed) => {
      const counting: Hook = {
        name: 'counting',
        setup: (run) => void run.subscribe(train.closed, () => told.push(run.distributed.rank)),
      }
      return trained([onRank('main', background(counting))], { distributed })
    }),
  )
  expect(told).toEqual([0])
})

test('a hook of the catalogue with a policy is a hook of the catalogue', () => {
  const hook: Hook = { name: 'hook', setup() {} }
  expectTypeOf(isolated(hook)).toEqualTypeOf<Hook>()
  expectTypeOf(background(hook)).toEqualTypeOf<Hook>()
  expectTypeOf(onRank('main', hook)).toEqualTypeOf<Hook>()
  expectTypeOf(onRank('main', isolated(background(hook)))).toEqualTypeOf<Hook>()
})
