import { type Hook, type RunState, train } from '@hookstep/catalogue'
import type { Fault } from '@hookstep/testing'
import { describe, expect, test } from 'vitest'
import { see } from './cell.ts'
import { setTheStage } from './matrix.ts'
import { outcomes, type Policy, slowMs } from './outcomes.ts'
import { scenarios } from './scenarios.ts'

setTheStage()

const places = ['setup', 'cleanup', 'persist.save', 'persist.load'] as const
type Place = (typeof places)[number]

/** A hook that misbehaves outside of its handlers. */
function faulty(place: Place, fault: Fault): Hook {
  const act = (at: Place): void | Promise<void> => {
    if (at !== place) return
    if (fault === 'throws') throw new Error('faulty on purpose')
    if (fault === 'rejects') return Promise.reject(new Error('faulty on purpose'))
    return new Promise((resolve) => fault === 'slow' && setTimeout(resolve, slowMs))
  }
  return {
    name: 'faulty',
    async setup(run) {
      run.persist<number>({
        version: 1,
        save: async () => {
          await act('persist.save')
          return 1
        },
        load: () => act('persist.load'),
      })
      await act('setup')
      return () => act('cleanup')
    },
  }
}

let saved: RunState | undefined

/** Goes on from where it saved before, and saves. */
const saving: Hook = {
  name: 'saving',
  setup(run) {
    run.subscribe(train.restore, ({ restore }) => saved && restore(saved))
    run.subscribe(train.checkpoint, async ({ capture, step }) => {
      const state = await capture()
      if (step === 1) saved ??= state
    })
  },
}

/** What a run says that fails; where it does not, what the policy reports. */
function expected(place: Place, fault: Fault, policy: Policy): string {
  if (fault === 'slow' || policy === 'onRank main, on another') return 'finished'
  const isReported = place === 'cleanup' && policy.startsWith('isolated')
  const late = `its promise has not settled within ${limitOf(place, isReported)}`
  const finding = fault === 'never-settles' ? late : 'faulty on purpose'
  return isReported ? `reported: cleanup: ${finding}` : `Hook "faulty" failed at ${place}: ${finding}`
}

function limitOf(place: Place, isReported: boolean): string {
  // Before the handler that waits for it.
  if (place.startsWith('persist.')) return '240000 ms (0.8 of handlerTimeoutMs)'
  return `${isReported ? 240_000 : 300_000} ms (handlerTimeoutMs)`
}

async function become(place: Place, fault: Fault, policy: Policy): Promise<string> {
  const [scenario] = scenarios as [(typeof scenarios)[number]]
  // Ranks would have to go on from states of their own.
  const others = policy === 'onRank main, on another' ? [] : [saving]
  const { summary, error } = await see({ hook: faulty(place, fault), others, scenario, policy })
  if (summary === undefined) return (error as Error).message
  const { firstFailure } = summary.incidents.faulty ?? {}
  return firstFailure === undefined ? summary.outcome : `reported: ${firstFailure}`
}

describe('outside of events', async () => {
  // A state to go on from.
  await become('cleanup', 'slow', 'none')
  const cells = places.flatMap((place) =>
    (Object.keys(outcomes) as Policy[]).flatMap((policy) =>
      (Object.keys(outcomes.none) as Fault[]).map((fault) => [place, fault, policy] as const),
    ),
  )

  test.each(cells)('%s that %s, policy: %s', async (place, fault, policy) => {
    expect(await become(place, fault, policy)).toBe(expected(place, fault, policy))
  })
})
