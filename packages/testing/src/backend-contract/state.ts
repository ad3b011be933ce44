import type { Session, SessionState } from '@hookstep/trainer'
import { ensureEqual } from '../ensure.ts'
import { copyOf } from '../named-arrays.ts'
import { type Passed, type Promises, read, type Trial } from './trial.ts'

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

  async 'goes on from a state saved in the middle of a step bit for bit'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 2)
    await session.forwardBackward(trial.batch(4, 3), 0.3, true)
    const first = stored(await session.save())
    await session.forwardBackward(trial.batch(2, 4), 0.5, true)
    const second = stored(await session.save())
    const uninterrupted = await finish(trial, session)

    const resumed = await trial.open(2)
    await resumed.load(first)
    trial.ensureSame(await resumed.save(), first, 'a state that was just loaded')
    await resumed.forwardBackward(trial.batch(2, 4), 0.5, true)
    trial.ensureSame(await resumed.save(), second, 'a microbatch later')
    const once = await finish(trial, resumed)
    ensureEqual(once.values, uninterrupted.values, 'loss and metrics, against uninterrupted')
    trial.ensureSame(once.state, uninterrupted.state, 'resumed, against uninterrupted')

    await resumed.load(second)
    const again = await finish(trial, resumed)
    ensureEqual(again.values, uninterrupted.values, 'loss and metrics, resumed a microbatch later')
    trial.ensureSame(again.state, uninterrupted.state, 'resumed a microbatch later')
  },

  async 'forgets what a step has added up when it loads a state from between steps'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 2)
    const between = stored(await session.save())
    ensureEqual(Object.keys(between.accumulated ?? {}), [], 'what is accumulated between two steps')
    await trial.steps(session, 3, 4)
    const uninterrupted = await session.save()
    await session.forwardBackward(trial.batch(4, 5), 1, true)
    await session.load(between)
    await trial.steps(session, 3, 4)
    trial.ensureSame(await session.save(), uninterrupted, 'resumed, against uninterrupted')
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
    overwrite(given)
    trial.ensureSame(await session.save(), before, 'after what was saved and loaded was overwritten')
    await session.forwardBackward(trial.batch(4, 3), 1, true)
    const within = stored(await session.save())
    const givenWithin = await session.save()
    await session.load(givenWithin)
    overwrite(givenWithin)
    trial.ensureSame(await session.save(), within, 'the same in the middle of a step')
  },
}

function overwrite({ parameters, slots, accumulated }: SessionState): void {
  for (const arrays of [parameters, slots, accumulated ?? {}]) {
    for (const { data } of Object.values(arrays)) data.fill(0)
  }
}

/** The rest of a step, and one more: the first one's numbers, and the state at the end. */
async function finish(
  trial: Trial,
  session: Session,
): Promise<{ readonly values: Passed['values']; readonly state: SessionState }> {
  await session.forwardBackward(trial.batch(3, 5), 0.2, true)
  const { values } = await read(session)
  session.clipGradients(0.5).dispose()
  await session.optimizerStep(trial.learningRate)
  session.zeroGradients()
  await trial.steps(session, 6, 6)
  return { values, state: await session.save() }
}

/** As it comes back from storage: arrays by their bytes, counters as JSON. */
function stored({ parameters, slots, counters, accumulated }: SessionState): SessionState {
  return {
    ...(accumulated && { accumulated: copyOf(accumulated) }),
    parameters: copyOf(parameters),
    slots: copyOf(slots),
    counters: JSON.parse(JSON.stringify(counters)),
  }
}
