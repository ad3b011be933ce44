import { type Hook, hook as hookEvents, train } from '@hookstep/catalogue'
import { background, isolated } from '@hookstep/core/policies'
import { faultyHook, line, plainBackend } from '@hookstep/testing'
import { type HookTimings, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** The clock stands still unless a handler moves it. */
let now = 0
beforeEach(() => {
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => void vi.restoreAllMocks())

const small: TrainerOptions = { backend: plainBackend(), data: line({ samples: 8 }), batchSize: 1, steps: 6 }

async function trained(hooks: readonly Hook[], options: Partial<TrainerOptions> = {}) {
  await using trainer = new Trainer({ ...small, ...options, hooks })
  return trainer.train()
}

/** Takes a number of milliseconds at each of these moments, some of them waiting. */
const worker: Hook = {
  name: 'worker',
  setup(run) {
    run.subscribe(train.step.pre, ({ step }) => {
      now += step
    })
    run.subscribe(train.step.post, async () => {
      now += 1
      await Promise.resolve()
      now += 3
    })
    run.subscribe(train.closed, () => {
      now += 50
    })
  },
}

/** In milliseconds, which are rounded: the clock counts seconds. */
function inMilliseconds({ seconds, queueSeconds, events }: HookTimings) {
  const rounded = (value: number): number => Math.round(value * 1e6) / 1000
  const told = Object.entries(events).map(([at, event]) => [
    at,
    event.calls,
    rounded(event.seconds),
    rounded(event.longestSeconds),
    rounded(event.queueSeconds),
  ])
  return { seconds: rounded(seconds), queueSeconds: rounded(queueSeconds), told }
}

describe("a run's summary tells what the handlers of each hook have cost", () => {
  test('by event: calls, time, the longest time, with what was waited for', async () => {
    const { timings } = await trained([worker])
    expect(inMilliseconds(timings.worker as HookTimings)).toEqual({
      seconds: 21 + 24 + 50,
      queueSeconds: 0,
      told: [
        ['train.step.pre', 6, 21, 6, 0],
        ['train.step.post', 6, 24, 4, 0],
        ['train.closed', 1, 50, 50, 0],
      ],
    })
  })

  test('in the background the time is that of the queue', async () => {
    const { timings } = await trained([background(worker)])
    expect(inMilliseconds(timings.worker as HookTimings)).toEqual({
      seconds: 0,
      queueSeconds: 21 + 24 + 50,
      told: [
        ['train.step.pre', 6, 0, 0, 21],
        ['train.step.post', 6, 0, 0, 24],
        ['train.closed', 1, 0, 0, 50],
      ],
    })
  })

  test('hooks that failed are timed as well', async () => {
    const failing: Hook = {
      name: 'failing',
      setup: (run) =>
        void run.subscribe(train.step.post, () => {
          now += 2
          throw new Error('on purpose')
        }),
    }
    const { timings, incidents } = await trained([isolated(failing)])
    expect(inMilliseconds(timings.failing as HookTimings).seconds).toBe(12)
    expect(incidents.failing).toEqual({
      failures: 6,
      dropped: 0,
      firstFailure: 'train.step.post: on purpose',
    })
  })

  test('where a hook made JavaScript wait for the device', async () => {
    const reader: Hook = {
      name: 'reader',
      setup(run) {
        run.subscribe(train.forward_backward.post, async ({ loss }) => {
          await Promise.resolve()
          await loss()
        })
        run.subscribe(train.step.post, ({ step, loss }) => (step % 2 === 0 ? loss() : undefined))
      },
    }
    const { timings, hostSyncs, hostSyncsPerStep } = await trained([worker, reader])
    expect({ hostSyncs, hostSyncsPerStep }).toEqual({ hostSyncs: 9, hostSyncsPerStep: 1.5 })
    expect(timings.worker?.hostSyncs).toBe(0)
    expect(timings.reader?.hostSyncs).toBe(9)
    expect(timings.reader?.events['train.forward_backward.post']?.hostSyncs).toBe(6)
  })
})

describe('timing keeps to its budget', () => {
  /** Every call takes a millisecond, which the clock does not see unless it is asked: it takes `clockMs` itself. */
  async function timed(clockMs: number) {
    let readings = 0
    vi.spyOn(performance, 'now').mockImplementation(() => {
      readings++
      now += clockMs
      return now
    })
    const busy: Hook = {
      name: 'busy',
      setup(run) {
        for (let count = 0; count < 10; count++) run.subscribe(train.step.post, () => {})
        run.subscribe(train.step.post, () => {}, { when: ({ step }) => step % 50 === 0 })
        run.subscribe(train.epoch.post, () => {})
      },
    }
    const { timings } = await trained([busy], { steps: 400 })
    return { events: timings.busy?.events, readings }
  }

  test('on a slow clock it times few steps, and reckons from those; what is rare is always timed', async () => {
    const cheap = await timed(1e-6)
    const dear = await timed(1e-3)
    // Calls are counted in any case.
    for (const { events } of [cheap, dear]) {
      expect(events?.['train.step.post']?.calls).toBe(4008)
      expect(events?.['train.epoch.post']?.calls).toBe(50)
    }
    // Ten calls a step at three readings of a microsecond each: one step in six.
    expect(cheap.readings - dear.readings).toBeGreaterThan(0.8 * 2 * 4000)
    // Each took the time of one reading, however many were timed.
    expect(dear.events?.['train.step.post']?.seconds).toBeCloseTo(4008e-6, 6)
    expect(dear.events?.['train.epoch.post']?.seconds).toBeCloseTo(50e-6, 9)
  })
})

describe('a handler that keeps the run waiting', () => {
  const slow = (times: number): Hook => ({
    name: 'slow',
    setup(run) {
      run.subscribe(train.ready, () => {
        now += 5000
      })
      run.subscribe(train.step.post, async ({ step }) => {
        if (step <= times) now += 1500
      })
    },
  })

  const listener = (told: unknown[]): Hook => ({
    name: 'listener',
    setup: (run) =>
      void run.subscribe(hookEvents.slow, ({ hook, at, seconds }) => told.push([hook, at, seconds])),
  })

  test('is told each time, and warned of once; not what comes once in a run', async () => {
    const told: unknown[] = []
    const { warnings } = await trained([listener(told), slow(3)])
    expect(told).toEqual(Array(3).fill(['slow', 'train.step.post', 1.5]))
    expect(warnings).toEqual([
      'hook "slow" has kept the run waiting for 1.5 s at train.step.post (slowHookMs); ' +
        'it would not in the background(…) of @hookstep/core/policies',
    ])
  })

  test.each([
    [1500, 1],
    [1501, 0],
    [Infinity, 0],
  ])('slowHookMs: %d says from when on', async (slowHookMs, count) => {
    const { warnings } = await trained([slow(3)], { slowHookMs })
    expect(warnings).toHaveLength(count)
  })

  test('in the background does not keep it waiting', async () => {
    const { warnings } = await trained([background(slow(3))])
    expect(warnings).toEqual([])
  })

  test('is not looked for among those who are told of it: that would never end', async () => {
    const told: unknown[] = []
    const counting: Hook = {
      name: 'counting',
      setup: (run) =>
        void run.subscribe(hookEvents.slow, ({ hook }) => {
          told.push(hook)
          now += 2000
        }),
    }
    const { warnings } = await trained([counting, slow(2)])
    expect(told).toEqual(['slow', 'slow'])
    expect(warnings).toHaveLength(2)
  })

  test('is told with the real clock, too', async () => {
    vi.restoreAllMocks()
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const hooks = [faultyHook({ at: train.step.post, fault: 'slow', slowMs: 20, delivery: 3 })]
    const { warnings } = await trained(hooks, { slowHookMs: 10 })
    expect(warnings).toEqual([
      expect.stringMatching(/^hook "faulty" has kept the run waiting for 0\.\d s at/),
    ])
  })

  test.each([0, -1, Number.NaN])('slowHookMs cannot be %d', (slowHookMs) => {
    expect(() => new Trainer({ ...small, slowHookMs })).toThrow(
      `slowHookMs is ${slowHookMs}; it must be a positive number`,
    )
  })
})
