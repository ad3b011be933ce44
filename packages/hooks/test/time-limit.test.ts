import { type Request, type RunState, train } from '@hookstep/catalogue'
import { type TimeLimitOptions, timeLimit } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { inMemoryGroup, Trainer } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { at, type Options, type Outcome, trainWith } from './runs.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  // Of the hook in which the time passes.
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.useRealTimers()
})

const endless: Options = { backend: plainBackend(), data: line(), steps: 1000 }

/** Every step takes ten minutes. */
const slowSteps = () => at(train.step.post, () => vi.advanceTimersByTime(600_000))

function limited(limit: string, options: TimeLimitOptions = {}, from?: RunState): Promise<Outcome> {
  return trainWith([slowSteps(), timeLimit(limit, options)], endless, from)
}

describe('a time limit', () => {
  test('saves and stops with the step that begins when the time is up', async () => {
    const asked: Request[] = []
    const saving = at(train.checkpoint, ({ requests }) => asked.push(...requests))
    const { summary } = await trainWith([slowSteps(), saving, timeLimit('1 hour')], endless)
    const reason = 'the time limit of 1 hour is reached'
    expect(summary).toMatchObject({ outcome: 'stopped', steps: 7, reason, requestedBy: 'time-limit' })
    expect(asked).toMatchObject([{ kind: 'save', reason, step: 7 }])
  })

  test('asks for no checkpoint where nothing saves any', async () => {
    await using trainer = new Trainer({ ...endless, hooks: [slowSteps(), timeLimit({ seconds: 1800 })] })
    const { steps, reason, requests } = await trainer.train()
    expect({ steps, reason, asked: requests.map(({ kind }) => kind) }).toEqual({
      steps: 4,
      reason: 'the time limit of 1800 seconds is reached',
      asked: ['stop'],
    })
  })

  test('counts the time before a resume', async () => {
    const { states } = await limited('1 hour')
    vi.advanceTimersByTime(86_400_000)
    const resumed = await limited('2 hours', {}, states.at(-1))
    // A checkpoint has the time at which its last step began.
    expect(resumed.summary.steps).toBe(14)
  })

  test('a run whose time is up takes no further step when it is resumed', async () => {
    const { states } = await limited('1 hour')
    const resumed = await limited('1 hour', {}, states.at(-1))
    expect(resumed.summary).toMatchObject({ outcome: 'stopped', steps: 7 })
  })

  test('begins anew in each process where it is told to', async () => {
    const { states } = await limited('1 hour', { of: 'process' })
    const resumed = await limited('1 hour', { of: 'process' }, states.at(-1))
    expect([states.length, resumed.summary.steps]).toEqual([7, 14])
  })

  test('goes by the clock of the main rank', async () => {
    const summaries = await Promise.all(
      inMemoryGroup(2).map(async (distributed) => {
        const hooks = [...(distributed.rank === 0 ? [slowSteps()] : []), timeLimit('1 hour')]
        return (await trainWith(hooks, { ...endless, distributed })).summary.steps
      }),
    )
    expect(summaries).toEqual([7, 7])
  })

  test.each<[string, number]>([
    ['90 seconds', 90],
    ['1 second', 1],
    ['1.5 hours', 5400],
    ['2 days', 172_800],
    ['30minutes', 1800],
  ])('%s are %d seconds', async (limit, seconds) => {
    const upTo = at(train.step.pre, ({ step }) =>
      vi.advanceTimersByTime(step === 1 ? seconds * 1000 - 500 : 500),
    )
    expect((await trainWith([upTo, timeLimit(limit)], endless)).summary.steps).toBe(3)
  })

  test.each<[() => unknown, string]>([
    [() => timeLimit('soon'), "timeLimit('soon'): write a number of seconds, minutes, hours or days"],
    [() => timeLimit('2 weeks'), "timeLimit('2 weeks'): write a number"],
    [() => timeLimit('0 hours'), 'timeLimit: seconds is 0; it must be a positive number'],
    [() => timeLimit({ seconds: Infinity }), 'timeLimit: seconds is Infinity; it must be a positive number'],
    [() => timeLimit(7200 as never), 'timeLimit: seconds is undefined; it must be a positive number'],
    [
      () => timeLimit('2 hours', { of: 'job' as 'run' }),
      "timeLimit: of is 'job'; it must be 'run' or 'process'",
    ],
  ])('refuses %s', (make, message) => {
    expect(make).toThrow(message)
  })
})
