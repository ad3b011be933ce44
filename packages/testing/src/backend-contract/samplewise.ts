import type { NamedArrays } from '@hookstep/trainer'
import { ensure, ensureClose } from '../ensure.ts'
import { evaluate, flat, norm, type Passed, type Promises, samples, type Trial } from './trial.ts'

const allZero = 'all gradients are 0: give a batch that the task can learn from'

/** What holds where the gradients of a batch are the mean of those of its samples. */
export const samplewise: Promises = {
  async 'computes the derivative of the mean loss'(trial) {
    const session = await trial.open()
    const batch = trial.batch(4)
    const { gradients } = await trial.pass(session, [[batch, 1]])
    ensure(norm(gradients) > 0, allZero)
    const state = await session.save()
    const lossAt = async (distance: number): Promise<number> => {
      await session.load({ ...state, parameters: moved(state.parameters, gradients, distance) })
      return (await evaluate(session, batch)).loss as number
    }
    // Far enough for the loss to change by a hundredth: float32 shows that, and curvature does not.
    const distance = (0.005 * Math.abs(await lossAt(0))) / norm(gradients)
    const slope = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance)
    ensureClose([slope], [norm(gradients)], 0.05, 'the slope of the loss along its gradient')
  },

  async 'multiplies gradients, loss and metrics by the weight'(trial) {
    const session = await trial.open()
    const whole = await trial.pass(session, [[trial.batch(4), 1]])
    const half = await trial.pass(session, [[trial.batch(4), 0.5]])
    ensureTimes(trial, half, whole, 0.5, 'of weight 0.5')
  },

  async 'adds up parts of a batch, weighted by their size, to the whole'(trial) {
    const session = await trial.open()
    const batch = trial.batch(6)
    const whole = await trial.pass(session, [[batch, 1]])
    const parts = await trial.pass(session, [
      [samples(batch, 0, 2), 2 / 6],
      [samples(batch, 2, 6), 4 / 6],
    ])
    ensureTimes(trial, parts, whole, 1, 'of two parts')
  },

  async 'clears gradients, loss and metrics for the next step'(trial) {
    const session = await trial.open()
    const first = await trial.pass(session, [[trial.batch(4), 1]])
    const second = await trial.pass(session, [[trial.batch(4), 1]])
    ensureTimes(trial, second, first, 1, 'after zeroGradients')
  },

  async 'takes batches of different sizes in turn'(trial) {
    const fresh = await trial.pass(await trial.open(), [[trial.batch(3, 1), 1]])
    const session = await trial.open()
    await trial.pass(session, [[trial.batch(8, 2), 1]])
    await trial.pass(session, [[trial.batch(1, 3), 1]])
    const later = await trial.pass(session, [[trial.batch(3, 1), 1]])
    ensureTimes(trial, later, fresh, 1, 'after other sizes')
  },

  async 'is as it was after it refused a batch'(trial) {
    const session = await trial.open()
    const before = await trial.pass(session, [[trial.batch(4), 1]])
    await Promise.resolve()
      .then(() => session.forwardBackward({}, 1, true))
      .catch(() => {})
    session.zeroGradients()
    const after = await trial.pass(session, [[trial.batch(4), 1]])
    ensureTimes(trial, after, before, 1, 'after a refused batch')
  },
}

/** The parameters, moved along a direction of which `distance` is counted in its own length. */
function moved(parameters: NamedArrays, direction: Float32Array, distance: number): NamedArrays {
  const all = flat(parameters)
  const scale = distance / norm(direction)
  let start = 0
  const entries = Object.entries(parameters).map(([name, { data, shape }]) => {
    const begin = start
    start += data.length
    const values = data.map((_, i) => (all[begin + i] as number) + scale * (direction[begin + i] as number))
    return [name, { data: values, shape }]
  })
  return Object.fromEntries(entries)
}

function ensureTimes(trial: Trial, actual: Passed, expected: Passed, factor: number, what: string): void {
  const gradients = expected.gradients.map((value) => value * factor)
  ensure(norm(gradients) > 0, allZero)
  ensureClose(actual.gradients, gradients, trial.tolerance, `gradients ${what}`)
  for (const [name, value] of Object.entries(expected.values)) {
    ensureClose([actual.values[name] ?? Number.NaN], [value * factor], trial.tolerance, `${name} ${what}`)
  }
}
