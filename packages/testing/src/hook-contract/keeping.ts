import type { RunState } from '@hookstep/catalogue'
import { ensure, ensureEqual, ensureSameArrays } from '../ensure.ts'
import type { Promises } from './following.ts'
import { observe } from './observed.ts'
import { json, learned, rehearse, restoring, stored } from './rehearsal.ts'

/** What a hook does to what is learned, and to what is saved. */
export const keeping: Promises = {
  async 'does not change what is learned'({ hook, changesTraining = false }) {
    if (changesTraining) return
    const { states: without } = await rehearse([])
    const { states: withIt } = await rehearse([await hook()])
    for (const [at, state] of withIt.entries()) {
      const expected = learned(without[at] as RunState)
      ensureSameArrays(learned(state), expected, 0, `with the hook, against without, step ${at + 1}`)
    }
  },

  async 'waits for the device no more often than it says'({ hook, hostSyncsPerStep = 0 }) {
    const { summary: without } = await rehearse([])
    const { summary: withIt } = await rehearse([await hook()])
    const mean = (withIt.hostSyncs - without.hostSyncs) / withIt.steps
    ensure(mean <= hostSyncsPerStep, `${mean} host syncs per step, ${hostSyncsPerStep} are declared`)
  },

  async 'saves a state that JSON can hold'({ hook }) {
    const observed = observe(await hook())
    await rehearse([observed.hook])
    if (observed.persisted === undefined) return
    const state = await observed.persisted.save()
    ensureEqual(json(state), state, 'its state, after it was written as JSON and read back')
  },

  async 'has the state it was given after a restore'({ hook }) {
    const { states } = await rehearse([await hook()])
    const saved = stored(midway(states))
    const observed = observe(await hook())
    let restored: unknown
    const looking = restoring(saved, () => {
      restored = observed.persisted?.save()
    })
    await rehearse([observed.hook, looking])
    ensureEqual(
      json((await restored) ?? null),
      saved.hooks[observed.hook.name]?.state ?? null,
      'its state, restored',
    )
  },

  async 'goes on from a checkpoint as if the run had not ended'({ hook, timed = false }) {
    const { states: uninterrupted } = await rehearse([await hook()])
    const saved = stored(midway(uninterrupted))
    const same = await hook()
    const { states: resumed } = await rehearse([restoring(saved), same])
    const expected = uninterrupted.filter(({ step }) => step > saved.step)
    ensureEqual(resumed.length, expected.length, `steps after the resume at step ${saved.step}`)
    for (const [at, state] of expected.entries()) {
      const found = resumed[at] as RunState
      ensureSameArrays(
        learned(found),
        learned(state),
        0,
        `resumed, against uninterrupted, step ${state.step}`,
      )
      if (timed) continue
      const [its, was] = [found, state].map(({ hooks }) => hooks[same.name]?.state ?? null)
      ensureEqual(its, was, `its state, resumed, against uninterrupted, step ${state.step}`)
    }
  },

  async 'starts afresh from a checkpoint in which it has no state'({ hook }) {
    const { states } = await rehearse([])
    await rehearse([restoring(stored(midway(states))), await hook()])
  },
}

/** In the middle of an epoch, or as near as the run came. */
function midway(states: readonly RunState[]): RunState {
  const state = states[Math.min(4, states.length - 2)]
  ensure(state !== undefined, 'the run ended at its first step')
  return state
}
