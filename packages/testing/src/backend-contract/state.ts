import type { SessionState } from '@hookstep/trainer'
import { copyOf } from '../named-arrays.ts'
import type { Promises } from './trial.ts'

/** What is saved and loaded. */
export const state: Promises = {
  async 'goes on from a saved state bit for bit'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 3)
    const saved = stored(await session.save())
    await trial.steps(session, 4, 6)
    const uninterrupted = await session.save()

    const resumed = await trial.open()
    await trial.steps(resumed, 7, 8)
    await resumed.load(saved)
    trial.ensureSame(await resumed.save(), saved, 'a state that was just loaded')
    await trial.steps(resumed, 4, 6)
    trial.ensureSame(await resumed.save(), uninterrupted, 'resumed, against uninterrupted')
  },

  async 'goes on from a saved state in a session of another seed'(trial) {
    const session = await trial.open(1)
    await trial.steps(session, 1, 3)
    const saved = stored(await session.save())
    await trial.steps(session, 4, 6)
    const uninterrupted = await session.save()

    const resumed = await trial.open(2)
    await resumed.load(saved)
    await trial.steps(resumed, 4, 6)
    trial.ensureSame(await resumed.save(), uninterrupted, 'resumed, against uninterrupted')
  },

  async 'learns on as if it had not been saved'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 4)
    const unsaved = await session.save()
    const again = await trial.open()
    await trial.steps(again, 1, 2)
    await again.save()
    await trial.steps(again, 3, 4)
    trial.ensureSame(await again.save(), unsaved, 'saved on the way, against not')
  },

  async 'saves and loads copies'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 2)
    const before = stored(await session.save())
    const given = await session.save()
    await session.load(given)
    for (const { data } of [...Object.values(given.parameters), ...Object.values(given.slots)]) data.fill(0)
    trial.ensureSame(await session.save(), before, 'after what was saved and loaded was overwritten')
  },
}

/** As it comes back from storage: arrays by their bytes, counters as JSON. */
function stored({ parameters, slots, counters }: SessionState): SessionState {
  return {
    parameters: copyOf(parameters),
    slots: copyOf(slots),
    counters: JSON.parse(JSON.stringify(counters)),
  }
}
