import type { SessionState } from '@hookstep/trainer'
import { ensure, ensureClose } from '../ensure.ts'
import { norm, type Promises } from './trial.ts'

/** What can be done to gradients, whatever the model. */
export const gradients: Promises = {
  async 'has gradients of 0 before the first microbatch of a step'(trial) {
    const session = await trial.open()
    const nothing = new Float32Array(session.parameterCount)
    ensureClose(await session.readGradients(), nothing, 0, 'gradients of a fresh session')
    await trial.steps(session, 1, 2)
    ensureClose(await session.readGradients(), nothing, 0, 'gradients after zeroGradients')
  },

  async 'clips gradients to a global norm, keeps their direction and says what the norm was'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, false)
    const before = Float32Array.from(await session.readGradients())
    const handle = session.clipGradients(norm(before) / 2)
    ensureClose([await handle.read()], [norm(before)], trial.tolerance, 'the norm before')
    handle.dispose()
    const clipped = before.map((value) => value / 2)
    ensureClose(
      await session.readGradients(),
      clipped,
      trial.tolerance,
      'gradients, clipped to half their norm',
    )
  },

  async 'leaves gradients alone whose norm is small enough'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, false)
    const before = Float32Array.from(await session.readGradients())
    session.clipGradients(norm(before) * 2).dispose()
    ensureClose(await session.readGradients(), before, trial.repeated, 'gradients below the limit')
  },

  async 'hands out gradients as a copy'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, false)
    const copy = await session.readGradients()
    const before = Float32Array.from(copy)
    copy.fill(0)
    ensureClose(await session.readGradients(), before, 0, 'gradients, after the copy was overwritten')
  },

  async 'takes written gradients for its own'(trial) {
    const written = new Float32Array((await trial.open()).parameterCount).map((_, i) => ((i % 7) - 3) / 8)
    const ended = async (key: number): Promise<SessionState> => {
      const session = await trial.open()
      await session.forwardBackward(trial.batch(4, key), 1, false)
      session.writeGradients(written)
      ensureClose(await session.readGradients(), written, 0, 'gradients, read after they were written')
      await session.optimizerStep(trial.learningRate)
      session.zeroGradients()
      return session.save()
    }
    const [one, other] = [await ended(1), await ended(2)]
    trial.ensureSame(one, other, 'updates with the same written gradients')
    const { parameters } = await (await trial.open()).save()
    const moved = Object.entries(parameters).some(([name, { data }]) =>
      data.some((value, i) => value !== one.parameters[name]?.data[i]),
    )
    ensure(moved, 'an update with written gradients changes no parameter')
  },
}
