// biome-ignore-all lint/nursery/noFloatingPromises: some deliveries are looked at later
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hook } from '../src/index.ts'
import { type BackgroundOptions, background, isolated, onRank } from '../src/policies.ts'
import { began, ended, type Moment, RecordedRun } from './fixtures/recorded-run.ts'

/** The clock stands still unless a test or a handler moves it. */
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, position) => from + position)

/** A hook that writes down the steps that it is told of, after `handle` has done with each. */
function follower(run: RecordedRun, handle: (moment: Moment) => unknown = () => {}) {
  const told: number[] = []
  const hook: Hook<RecordedRun> = {
    name: 'follower',
    setup(run) {
      run.subscribe(began, (moment) => {
        const handled = handle(moment)
        const write = () => told.push(moment.step)
        return handled instanceof Promise ? handled.then(write) : write()
      })
      return () => void run.log.push('cleaned up')
    },
  }
  const install = (options?: BackgroundOptions) => run.install(background(hook, options))
  return { told, hook, install }
}

/** Lets timers and immediates go off until none is left, and with them whatever waits. */
async function finished<Result>(work: Promise<Result>): Promise<Result> {
  await vi.runAllTimersAsync()
  return work
}

describe('a hook in the background', () => {
  it('is called when the event loop has its turn, in order, and the run does not wait', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run)
    await install()
    expect(run.trigger(began, { step: 1 })).toBeUndefined()
    run.trigger(began, { step: 2 })
    await Promise.resolve()
    expect(told).toEqual([])
    await vi.runAllTimersAsync()
    expect(told).toEqual([1, 2])
  })

  it('has one queue for all of its handlers: each is called when the one before has settled', async () => {
    const run = new RecordedRun()
    await run.install(
      background<RecordedRun>({
        name: 'pair',
        setup(run) {
          run.subscribe(began, async ({ step }) => {
            run.log.push(`began ${step}`)
            await wait(20)
            run.log.push(`done ${step}`)
          })
          run.subscribe(ended, ({ step }) => void run.log.push(`ended ${step}`))
        },
      }),
    )
    for (const step of [1, 2]) {
      run.trigger(began, { step })
      run.trigger(ended, { step })
    }
    await vi.runAllTimersAsync()
    expect(run.log).toEqual(['began 1', 'done 1', 'ended 1', 'began 2', 'done 2', 'ended 2'])
  })

  it('gives others a turn where its handlers take long', async () => {
    const run = new RecordedRun()
    const { install } = follower(run, ({ step }) => {
      vi.setSystemTime(Date.now() + 20)
      run.log.push(`told ${step}`)
    })
    await install()
    for (const step of [1, 2, 3]) run.trigger(began, { step })
    setImmediate(() => {
      run.log.push('a turn')
      setImmediate(() => run.log.push('another turn'))
    })
    await vi.runAllTimersAsync()
    expect(run.log).toEqual(['told 1', 'a turn', 'told 2', 'another turn', 'told 3'])
  })

  it('goes on after a handler that fails, which is reported', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, ({ step }) => {
      if (step === 1) throw new Error('no step 1')
      return step === 2 ? Promise.reject('no step 2') : undefined
    })
    await install()
    await run.steps(1, 3)
    await vi.runAllTimersAsync()
    expect([told, run.log]).toEqual([[3], ['failed test.began: no step 1', 'failed test.began: no step 2']])
  })

  it('goes on after a handler whose promise does not settle', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, ({ step }) => (step === 1 ? new Promise(() => {}) : undefined))
    await install({ handlerTimeoutMs: 50 })
    await run.steps(1, 2)
    await vi.advanceTimersByTimeAsync(49)
    expect(told).toEqual([])
    await vi.runAllTimersAsync()
    expect(told).toEqual([2])
    expect(run.log).toEqual([
      'failed test.began: its promise has not settled within 50 ms (handlerTimeoutMs)',
    ])
  })

  it('has when, once and signal decided at the moment of the event', async () => {
    const run = new RecordedRun()
    let isDue = true
    const controller = new AbortController()
    await run.install(
      background<RecordedRun>({
        name: 'choosy',
        setup(run) {
          const told = (how: string) => (moment: Moment) => void run.log.push(`${how} ${moment.step}`)
          run.subscribe(began, told('when'), { when: () => isDue })
          run.subscribe(began, told('once'), { once: true })
          run.subscribe(began, told('signal'), { signal: controller.signal })
        },
      }),
    )
    run.trigger(began, { step: 1 })
    isDue = false
    run.trigger(began, { step: 2 })
    controller.abort()
    run.trigger(began, { step: 3 })
    await vi.runAllTimersAsync()
    expect(run.log).toEqual(['when 1', 'once 1', 'signal 1', 'signal 2'])
  })

  it('is not told of what waits when it unsubscribes, as if it had been called at once', async () => {
    const run = new RecordedRun()
    await run.install(
      background<RecordedRun>({
        name: 'satisfied',
        setup(run) {
          const unsubscribe = run.subscribe(began, ({ step }) => {
            run.log.push(`told ${step}`)
            if (step === 2) unsubscribe()
          })
        },
      }),
    )
    await run.steps(1, 4)
    await vi.runAllTimersAsync()
    expect(run.log).toEqual(['told 1', 'told 2'])
  })
})

describe('200 events into a callback that takes 20 ms each', () => {
  const takes20ms = () => wait(20)

  it('block: the run waits for room, and 200 are delivered, in order', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, takes20ms)
    const cleanUp = await install({ capacity: 16 })
    let waited = 0
    const train = async (): Promise<void> => {
      for (let step = 1; step <= 200; step++) {
        const delivered = run.trigger(began, { step })
        if (delivered !== undefined) waited++
        await delivered
      }
    }
    await finished(train().then(cleanUp))
    expect(told).toEqual(numbers(1, 200))
    expect(run.log).toEqual(['cleaned up'])
    expect(waited).toBe(200 - 16)
  })

  it('block: whoever tells of several events at once waits for each, and their order stays', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, takes20ms)
    await install({ capacity: 4 })
    await finished(Promise.all(numbers(1, 200).map((step) => run.trigger(began, { step }))))
    expect(told).toEqual(numbers(1, 200))
  })

  it('drop-oldest: what waits longest goes, and the count is right', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, takes20ms)
    const cleanUp = await install({ capacity: 16, overflow: 'drop-oldest' })
    for (let step = 1; step <= 3; step++) run.trigger(began, { step })
    // The first is being handled, two wait; of the others the last 16 find room.
    await vi.advanceTimersToNextTimerAsync()
    for (let step = 4; step <= 200; step++) expect(run.trigger(began, { step })).toBeUndefined()
    await finished(cleanUp())
    expect(told).toEqual([1, ...numbers(185, 200)])
    expect(run.log).toEqual([
      'dropped test.began: 1, 16 newer ones were waiting',
      'dropped test.began: 182, 16 newer ones were waiting',
      'cleaned up',
    ])
  })

  it('latest: of each event the newest is delivered', async () => {
    const run = new RecordedRun()
    const told: string[] = []
    const cleanUp = await run.install(
      background<RecordedRun>(
        {
          name: 'display',
          setup(run) {
            run.subscribe(began, ({ step }) => wait(20).then(() => told.push(`began ${step}`)))
            run.subscribe(ended, ({ step }) => wait(20).then(() => told.push(`ended ${step}`)))
          },
        },
        { overflow: 'latest' },
      ),
    )
    const step = (step: number): void => {
      run.trigger(began, { step })
      run.trigger(ended, { step })
    }
    step(1)
    await vi.advanceTimersToNextTimerAsync()
    for (let count = 2; count <= 99; count++) step(count)
    run.trigger(began, { step: 100 })
    await finished(cleanUp())
    // The order in which they came: the hundredth step began after the other ended.
    expect(told).toEqual(['began 1', 'ended 99', 'began 100'])
    expect(run.log).toEqual([
      'dropped test.ended: 1, a newer one came first',
      'dropped test.began: 1, a newer one came first',
      'dropped test.ended: 97, a newer one came first',
      'dropped test.began: 97, a newer one came first',
    ])
  })
})

describe('the end of a run', () => {
  it('waits for what is queued, then the hook cleans up', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, () => wait(20))
    const cleanUp = await install()
    await run.steps(1, 5)
    await finished(cleanUp())
    expect([told, run.log]).toEqual([[1, 2, 3, 4, 5], ['cleaned up']])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits so long, and tells what was left', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, () => wait(20))
    const cleanUp = await install({ drainMs: 50 })
    await run.steps(1, 5)
    await finished(cleanUp())
    expect(told.slice(0, 2)).toEqual([1, 2])
    expect(run.log).toEqual([
      'failed test.began: its promise has not settled: the run is over, and the queue was not empty after 50 ms (drainMs)',
      'dropped test.began: 2, the run is over, and the queue was not empty after 50 ms (drainMs)',
      'cleaned up',
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts what waits for room, and lets whoever told of it go', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run, () => new Promise(() => {}))
    const cleanUp = await install({ capacity: 2, drainMs: 50 })
    const delivered = Promise.all(numbers(1, 6).map((step) => run.trigger(began, { step })))
    await finished(cleanUp())
    await delivered
    expect(told).toEqual([])
    expect(run.log[1]).toMatch(/^dropped test.began: 5, the run is over/)
  })

  it('is the end: nothing is told any more', async () => {
    const run = new RecordedRun()
    const { told, install } = follower(run)
    const cleanUp = await install()
    await cleanUp()
    await run.steps(1, 2)
    await vi.runAllTimersAsync()
    expect([told, run.log]).toEqual([[], ['cleaned up']])
  })
})

describe('persisted state', () => {
  /** A hook whose state is how many steps it has been told of, each after 20 ms. */
  const counter = (handle: () => unknown): Hook<RecordedRun> => ({
    name: 'counter',
    setup(run) {
      let count = 0
      const load = (state: unknown): void => {
        run.log.push(`loaded when ${count} were counted`)
        count = state as number
      }
      run.persist({ version: 3, save: () => count, load })
      run.subscribe(began, async () => {
        await handle()
        count++
      })
    },
  })

  it('is saved when the hook has been told everything up to then', async () => {
    const run = new RecordedRun()
    await run.install(background(counter(() => wait(20))))
    await run.steps(1, 7)
    expect(await finished(Promise.resolve(run.persisted?.save()))).toBe(7)
    expect(run.persisted?.version).toBe(3)
  })

  it('is saved at once where nothing waits', async () => {
    const run = new RecordedRun()
    await run.install(background(counter(() => {})))
    expect(run.persisted?.save()).toBe(0)
  })

  it('is saved without what a handler keeps back for too long, which is told', async () => {
    const run = new RecordedRun()
    await run.install(
      background(
        counter(() => new Promise(() => {})),
        { drainMs: 50 },
      ),
    )
    await run.steps(1, 3)
    const saved = run.persisted?.save()
    await vi.advanceTimersByTimeAsync(50)
    expect(await saved).toBe(0)
    expect(run.log).toEqual([
      'failed persist.save: the state is without the last 3 events: the queue was not empty after 50 ms (drainMs)',
    ])
  })

  it('is loaded behind the events that came before', async () => {
    const run = new RecordedRun()
    await run.install(background(counter(() => wait(20))))
    await run.steps(1, 2)
    await finished(Promise.resolve(run.persisted?.load(40)))
    await run.steps(3, 3)
    expect(await finished(Promise.resolve(run.persisted?.save()))).toBe(41)
    expect(run.log).toEqual(['loaded when 2 were counted'])
  })
})

describe('policies compose in any order', () => {
  const fails = (step: number) => {
    if (step > 1) throw new Error(`no step ${step}`)
  }
  const reason = 'its handlers have failed 2 times (disableAfter)'

  it.each<[string, (hook: Hook<RecordedRun>) => Hook<RecordedRun>]>([
    ['isolated(background(hook))', (hook) => isolated(background(hook), { disableAfter: 2 })],
    ['background(isolated(hook))', (hook) => background(isolated(hook, { disableAfter: 2 }))],
    [
      "onRank('main', isolated(background(hook)))",
      (hook) => onRank('main', isolated(background(hook), { disableAfter: 2 })),
    ],
    [
      "background(onRank('main', isolated(hook)))",
      (hook) => background(onRank('main', isolated(hook, { disableAfter: 2 }))),
    ],
    [
      "isolated(background(onRank('main', hook)))",
      (hook) => isolated(background(onRank('main', hook)), { disableAfter: 2 }),
    ],
    [
      'background(background(isolated(hook)))',
      (hook) => background(background(isolated(hook, { disableAfter: 2 }))),
    ],
  ])('%s', async (_, policy) => {
    const run = new RecordedRun()
    const { told, hook } = follower(run, ({ step }) => fails(step))
    const wrapped = policy(hook)
    expect(wrapped.name).toBe('follower')
    const cleanUp = await run.install(wrapped)
    for (const step of numbers(1, 6)) {
      expect(run.trigger(began, { step })).toBeUndefined()
      await vi.runAllTimersAsync()
    }
    await finished(cleanUp())
    expect(told).toEqual([1])
    expect(run.log.filter((line) => line !== 'cleaned up')).toEqual([
      'failed test.began: no step 2',
      'failed test.began: no step 3',
      `dropped test.began: 1, ${reason}`,
      `dropped test.began: 2, ${reason}`,
    ])
    expect(run.log.filter((line) => line === 'cleaned up')).toHaveLength(1)
  })
})

describe('a hook whose handler never settles', () => {
  it.each<[string, (hook: Hook<RecordedRun>) => Hook<RecordedRun>]>([
    ['isolated(background(hook))', (hook) => isolated(background(hook, { drainMs: 20 }))],
    ['background(isolated(hook))', (hook) => background(isolated(hook), { drainMs: 20 })],
  ])('leaves no timer that keeps the process alive: %s', async (_, policy) => {
    const run = new RecordedRun()
    const cleanUp = await run.install(policy(follower(run, () => new Promise(() => {})).hook))
    await run.steps(1, 1)
    const cleaned = cleanUp()
    await vi.advanceTimersByTimeAsync(20)
    await cleaned
    expect(vi.getTimerCount()).toBe(0)
    expect(run.log).toEqual([
      'failed test.began: its promise has not settled: the run is over, and the queue was not empty after 20 ms (drainMs)',
      'cleaned up',
    ])
  })
})

describe('a handler that is unsubscribed', () => {
  it.each(['dropped for newer ones', 'left at the end'])('does not miss what is %s', async (way) => {
    const run = new RecordedRun()
    let unsubscribe = (): void => {}
    const hook: Hook<RecordedRun> = {
      name: 'hook',
      setup(run) {
        unsubscribe = run.subscribe(began, ({ step }) => void run.log.push(`began ${step}`))
        run.subscribe(ended, ({ step }) => (step === 0 ? new Promise(() => {}) : undefined))
      },
    }
    const policy = background(hook, { capacity: 2, overflow: 'drop-oldest', drainMs: 20 })
    const cleanUp = await run.install(policy)
    if (way === 'left at the end') {
      run.trigger(ended, { step: 0 })
      await vi.advanceTimersByTimeAsync(1)
    }
    await run.steps(1, 2)
    unsubscribe()
    if (way === 'dropped for newer ones') for (const step of [1, 2]) run.trigger(ended, { step })
    await finished(cleanUp())
    expect(run.log.filter((line) => !line.startsWith('failed test.ended'))).toEqual([])
  })
})

describe('a hook that is disabled', () => {
  it('is told of nothing that waits for it by then', async () => {
    const run = new RecordedRun()
    let calls = 0
    const { told, hook } = follower(run, () => {
      calls++
      throw new Error('broken')
    })
    const cleanUp = await run.install(isolated(background(hook), { disableAfter: 2 }))
    await run.steps(1, 6)
    await finished(cleanUp())
    expect([calls, told]).toEqual([2, []])
    expect(run.log).toEqual([
      'failed test.began: broken',
      'failed test.began: broken',
      'dropped test.began: 1, its handlers have failed 2 times (disableAfter)',
      'cleaned up',
      'dropped test.began: 3, its handlers have failed 2 times (disableAfter)',
    ])
  })
})

describe('options that cannot be are refused', () => {
  const hook: Hook<RecordedRun> = { name: 'hook', setup() {} }

  it.each<[BackgroundOptions, string]>([
    [{ capacity: 0 }, 'background: capacity is 0; it must be a whole number of events, at least 1'],
    [{ capacity: 1.5 }, 'background: capacity is 1.5'],
    [{ capacity: 8, overflow: 'latest' }, "background: capacity means nothing with overflow: 'latest'"],
    [
      { overflow: 'drop' as never },
      'background: overflow is "drop"; it must be one of block, drop-oldest, latest',
    ],
    [{ drainMs: -1 }, 'background: drainMs is -1; it must be a number of milliseconds'],
    [{ handlerTimeoutMs: Number.POSITIVE_INFINITY }, 'background: handlerTimeoutMs is Infinity'],
    [
      { drainMS: 5 } as object,
      'background has no option "drainMS"; there are capacity, overflow, drainMs, handlerTimeoutMs',
    ],
  ])('%j', (options, message) => {
    expect(() => background(hook, options)).toThrow(message)
  })
})

describe('a platform without setImmediate', () => {
  it('gives turns by messages', async () => {
    vi.useRealTimers()
    vi.stubGlobal('setImmediate', undefined)
    try {
      const run = new RecordedRun()
      const { told, install } = follower(run)
      const cleanUp = await install()
      await run.steps(1, 3)
      expect(told).toEqual([])
      await cleanUp()
      expect(told).toEqual([1, 2, 3])
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
