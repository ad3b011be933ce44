import { type CallbacksOptions, callbacks, TrainerCallback } from '@hookstep/callbacks'
import type { Fault } from '@hookstep/testing'
import { describe, expect, test } from 'vitest'
import { see } from './cell.ts'
import { setTheStage } from './matrix.ts'
import { type Outcome, outcomes, slowMs } from './outcomes.ts'
import { scenarios } from './scenarios.ts'
import { Everywhere } from './subjects.ts'

setTheStage()

type Method = Exclude<keyof Everywhere, 'saveState' | 'loadState'>

const methods = Object.getOwnPropertyNames(Everywhere.prototype).filter(
  (name) => name !== 'constructor',
) as Method[]
const cells = methods.flatMap((method) =>
  (Object.keys(outcomes.none) as Fault[]).map((fault) => [method, fault] as const),
)

/** A callback whose method misbehaves when it is called first. */
function faulty(method: Method, fault: Fault): TrainerCallback {
  class Faulty extends TrainerCallback {}
  let calls = 0
  Object.assign(Faulty.prototype, {
    [method]() {
      if (++calls > 1) return
      if (fault === 'throws') throw new Error('faulty on purpose')
      if (fault === 'rejects') return Promise.reject(new Error('faulty on purpose'))
      return new Promise<void>((resolve) => fault === 'slow' && setTimeout(resolve, slowMs))
    },
  })
  return new Faulty()
}

async function become(method: Method, fault: Fault, options: CallbacksOptions) {
  const hook = callbacks([faulty(method, fault)], options)
  const [scenario] = scenarios as [(typeof scenarios)[number]]
  const { summary, error, seconds, left } = await see({ hook, scenario, policy: 'background' })
  return { outcome: summary?.outcome, error: error?.message, incidents: summary?.incidents, seconds, left }
}

describe('a method of a callback that misbehaves', () => {
  test.each(cells)('%s %s: as with any hook that is isolated, in the background', async (method, fault) => {
    const { failure, waits }: Outcome = outcomes['isolated(background)'][fault]
    const { incidents, ...others } = await become(method, fault, {})
    expect(others).toEqual({ outcome: 'finished', error: undefined, seconds: waits, left: [] })
    expect(incidents?.callbacks?.firstFailure).toBe(failure && `Faulty.${method}: ${failure}`)
  })
})
