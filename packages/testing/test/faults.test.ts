import { train } from '@hookstep/catalogue'
import { Trainer } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { type FaultOptions, faultyHook, line, plainBackend } from '../src/index.ts'

/** What becomes of a run of three steps. */
async function outcome<Context extends object>(options: FaultOptions<Context>): Promise<string> {
  const trainer = new Trainer({
    backend: plainBackend(),
    data: line(),
    steps: 3,
    hooks: [faultyHook(options)],
    handlerTimeoutMs: 20,
  })
  return trainer.train().then(
    ({ outcome }) => outcome,
    (error: Error) => error.message,
  )
}

describe('a faulty hook', () => {
  test('fails where it is told to, in the way it is told', async () => {
    expect({
      throws: await outcome({ at: train.step.post, fault: 'throws', delivery: 2 }),
      rejects: await outcome({ at: train.log, fault: 'rejects', error: new Error('no disk') }),
      neverSettles: await outcome({ at: train.step.pre, fault: 'never-settles' }),
      slow: await outcome({ at: train.step.pre, fault: 'slow', slowMs: 1 }),
      inSetup: await outcome({ at: 'setup', fault: 'throws', name: 'first' }),
      inCleanup: await outcome({ at: 'cleanup', fault: 'rejects' }),
      tooLate: await outcome({ at: train.step.post, fault: 'throws', delivery: 4 }),
    }).toMatchInlineSnapshot(`
      {
        "inCleanup": "Hook "faulty" failed at cleanup: faulty on purpose",
        "inSetup": "Hook "first" failed at setup: faulty on purpose",
        "neverSettles": "Hook "faulty" failed at train.step.pre: the handler's promise has not settled within 20 ms",
        "rejects": "Hook "faulty" failed at train.log: no disk",
        "slow": "finished",
        "throws": "Hook "faulty" failed at train.step.post: faulty on purpose",
        "tooLate": "finished",
      }
    `)
  })
})
