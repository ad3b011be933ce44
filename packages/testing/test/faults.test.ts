import { train } from '@hookstep/catalogue'
import { Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { type FaultyHookOptions, faultyHook, line, plainBackend } from '../src/index.ts'

/** What becomes of a run of three steps. */
async function outcome<Context extends object>(
  fault: FaultyHookOptions<Context>,
  more: Partial<TrainerOptions> = {},
): Promise<string> {
  const options = { backend: plainBackend(), data: line(), steps: 3, hooks: [faultyHook(fault)] }
  return new Trainer({ ...options, ...more }).train().then(
    ({ outcome }) => outcome,
    (error: Error) => error.message,
  )
}

describe('a faulty hook', () => {
  test('fails where it is told to, in the way it is told', async () => {
    expect({
      throws: await outcome({ at: train.step.post, fault: 'throws', delivery: 2 }),
      rejects: await outcome({ at: train.log, fault: 'rejects', error: new Error('no disk') }),
      neverSettles: await outcome({ at: train.step.pre, fault: 'never-settles' }, { handlerTimeoutMs: 20 }),
      slow: await outcome({ at: train.step.pre, fault: 'slow', slowMs: 1 }),
      inSetup: await outcome({ at: 'setup', fault: 'throws', name: 'first' }),
      inCleanup: await outcome({ at: 'cleanup', fault: 'rejects' }),
      tooLate: await outcome({ at: train.step.post, fault: 'throws', delivery: 4 }),
    }).toEqual({
      throws: 'Hook "faulty" failed at train.step.post: faulty on purpose',
      rejects: 'Hook "faulty" failed at train.log: no disk',
      neverSettles: expect.stringContaining('has not settled within 20 ms'),
      slow: 'finished',
      inSetup: 'Hook "first" failed at setup: faulty on purpose',
      inCleanup: 'Hook "faulty" failed at cleanup: faulty on purpose',
      tooLate: 'finished',
    })
  })
})
