import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Hook } from '../src/index.ts'
import { isolated, onRank } from '../src/policies.ts'
import { began, ended, RecordedRun } from './fixtures/recorded-run.ts'

afterEach(() => void vi.useRealTimers())

/** A hook that calls `fails` at every `began`, and hears every `ended`. */
function failing(fails: (step: number) => unknown, cleanup?: () => unknown): Hook<RecordedRun> {
  return {
    name: 'failing',
    setup(run) {
      run.subscribe(began, ({ step }) => fails(step))
      run.subscribe(ended, ({ step }) => void run.log.push(`told ended ${step}`))
      return cleanup
    },
  }
}

const throws = (step: number): never => {
  throw new Error(`no step ${step}`)
}
const rejects = async (step: number): Promise<void> => throws(step)

describe('an isolated hook', () => {
  it.each([
    ['throws', throws],
    ['rejects', rejects],
  ])('does not end the run when a handler %s; the others go on', async (_, fails) => {
    const run = new RecordedRun()
    await run.install(isolated(failing(fails)))
    run.subscribe(began, ({ step }) => void run.log.push(`another hook ${step}`))
    await run.steps(1, 2)
    await run.trigger(ended, { step: 2 })
    expect(run.log).toEqual([
      'failed test.began: no step 1',
      'another hook 1',
      'failed test.began: no step 2',
      'another hook 2',
      'told ended 2',
    ])
  })

  it('is delivered to synchronously as long as its handlers are', async () => {
    const run = new RecordedRun()
    await run.install(isolated(failing((step) => run.log.push(`told ${step}`))))
    expect(run.trigger(began, { step: 1 })).toBeUndefined()
    expect(run.log).toEqual(['told 1'])
  })

  it('is waited for, in order', async () => {
    const run = new RecordedRun()
    await run.install(isolated(failing(async (step) => run.log.push(`told ${step}`))))
    run.subscribe(began, ({ step }) => void run.log.push(`another hook ${step}`))
    await run.steps(1, 2)
    expect(run.log).toEqual(['told 1', 'another hook 1', 'told 2', 'another hook 2'])
  })

  it('is passed over once it has failed so often: told at once, and in sum at the end', async () => {
    const run = new RecordedRun()
    const cleanUp = await run.install(isolated(failing(throws), { disableAfter: 2 }))
    await run.steps(1, 5)
    await run.trigger(ended, { step: 5 })
    await cleanUp()
    expect(run.log).toEqual([
      'failed test.began: no step 1',
      'failed test.began: no step 2',
      'dropped test.began: 1, its handlers have failed 2 times (disableAfter)',
      'dropped test.ended: 1, its handlers have failed 2 times (disableAfter)',
      'dropped test.began: 2, its handlers have failed 2 times (disableAfter)',
    ])
  })

  it('may have a condition that fails', async () => {
    const run = new RecordedRun()
    const cleanUp = await run.install(
      isolated(
        {
          name: 'choosy',
          setup(run) {
            run.subscribe(began, ({ step }) => void run.log.push(`told ${step}`), {
              when: ({ step }) => (step < 3 ? step === 2 : throws(step)),
            })
          },
        },
        { disableAfter: 1 },
      ),
    )
    await run.steps(1, 5)
    await cleanUp()
    expect(run.log).toEqual([
      'told 2',
      'failed test.began: no step 3',
      'dropped test.began: 1, its handlers have failed 1 times (disableAfter)',
      'dropped test.began: 1, its handlers have failed 1 times (disableAfter)',
    ])
  })

  it('is given up when a promise of its does not settle', async () => {
    vi.useFakeTimers()
    const run = new RecordedRun()
    await run.install(
      isolated(
        failing(() => new Promise(() => {})),
        { handlerTimeoutMs: 50 },
      ),
    )
    const delivered = run.steps(1, 1)
    await vi.advanceTimersByTimeAsync(49)
    expect(run.log).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await delivered
    expect(run.log).toEqual([
      'failed test.began: its promise has not settled within 50 ms (handlerTimeoutMs)',
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('may fail to clean up, disabled or not', async () => {
    const run = new RecordedRun()
    const cleanUp = await run.install(
      isolated(
        failing(throws, () => throws(0)),
        { disableAfter: 1 },
      ),
    )
    await run.steps(1, 1)
    await cleanUp()
    expect(run.log).toEqual(['failed test.began: no step 1', 'failed cleanup: no step 0'])
  })

  it('must be set up all the same', async () => {
    const run = new RecordedRun()
    const hook = isolated<RecordedRun>({ name: 'impossible', setup: () => throws(0) })
    await expect(run.install(hook)).rejects.toThrow('Hook "impossible" failed at setup: no step 0')
  })

  it('must save and load its state all the same: a run could not be resumed exactly', async () => {
    const run = new RecordedRun()
    await run.install(
      isolated<RecordedRun>({
        name: 'keeper',
        setup: (run) => run.persist({ version: 1, save: () => throws(1), load: () => throws(2) }),
      }),
    )
    expect(() => run.persisted?.save()).toThrow('no step 1')
    expect(() => run.persisted?.load(null)).toThrow('no step 2')
  })
})

describe('a hook on some ranks', () => {
  const main = { isMain: true, isLocalMain: true }
  const firstOfItsMachine = { isMain: false, isLocalMain: true }
  const other = { isMain: false, isLocalMain: false }

  it.each([
    ['main', [true, false, false]],
    ['local-main', [true, true, false]],
    ['all', [true, true, true]],
  ] as const)('%s is set up there and nowhere else', async (where, expected) => {
    const told = await Promise.all(
      [main, firstOfItsMachine, other].map(async (rank) => {
        const run = new RecordedRun(rank)
        const cleanUp = await run.install(
          onRank(
            where,
            failing(() => run.log.push('told')),
          ),
        )
        await run.steps(1, 1)
        await cleanUp()
        return run.log.length > 0
      }),
    )
    expect(told).toEqual(expected)
  })
})

describe('what cannot be is refused when it is said', () => {
  const hook = failing(() => {})

  it.each([
    [() => isolated(undefined as never), 'isolated: undefined is not { name, setup(run) }'],
    [
      () => isolated(hook, { disableAfter: 0 }),
      'isolated: disableAfter is 0; it must be a number of failures',
    ],
    [() => isolated(hook, { disableAfter: Number.NaN }), 'isolated: disableAfter is NaN'],
    [
      () => isolated(hook, { handlerTimeoutMs: 2 ** 31 }),
      'isolated: handlerTimeoutMs is 2147483648; it must be',
    ],
    [
      () => isolated(hook, { disableafter: 3 } as object),
      'isolated has no option "disableafter"; there are disableAfter, handlerTimeoutMs',
    ],
    [() => onRank('everywhere' as never, hook), 'onRank: "everywhere" must be one of main, local-main, all'],
    [() => onRank('main', {} as never), 'onRank: [object Object] is not { name, setup(run) }'],
  ])('%s', (says, message) => {
    expect(says).toThrow(message)
  })

  it('and a handler that is none when it is subscribed', async () => {
    const run = new RecordedRun()
    const hook = isolated<RecordedRun>({
      name: 'typo',
      setup: (run) => void run.subscribe(began, undefined as never),
    })
    await expect(run.install(hook)).rejects.toThrow('subscribe(test.began): undefined is no function')
  })
})
