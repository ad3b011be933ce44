/** A run in a browser, which is saved, interrupted and gone on with: what the test of it calls. */
import { every, train } from '@hookstep/catalogue'
import { checkpoint } from '@hookstep/hook-checkpoint'
import { browserStore } from '@hookstep/hook-checkpoint/browser'
import { at, counting, lastState, trainWith } from '../../runs.ts'
import type { End } from '../end.ts'

/** Trains to the end, from the newest checkpoint if there is one. */
export async function trainToEnd(place: string): Promise<End> {
  const store = await browserStore(place)
  const end = lastState()
  let firstStep = 0
  const first = at(train.step.pre, ({ step }) => {
    firstStep ||= step
  })
  await trainWith([checkpoint({ store, when: every('3 steps', { last: true }) }), counting(), first, end])
  if (end.state === undefined) throw new Error('the run had no last state')
  return { firstStep, state: JSON.stringify({ ...end.state, seconds: 'of the clock' }, asLists) }
}

/** Trains, and comes to a halt before a step: for the tab to be closed then. */
export async function trainUntil(place: string, step: number): Promise<void> {
  const store = await browserStore(place)
  await new Promise<void>((resolve, reject) => {
    const halt = at(train.step.pre, (context) => {
      if (context.step !== step) return
      resolve()
      return new Promise(() => {})
    })
    trainWith([checkpoint({ store, when: every('3 steps') }), counting(), halt]).catch(reject)
  })
}

function asLists(_: string, value: unknown): unknown {
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value
}
