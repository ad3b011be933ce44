import type { Batch, NamedArrays, NdArray, SessionState } from '@hookstep/trainer'
import { ensureRefuses } from '../ensure.ts'
import type { Promises, Trial } from './trial.ts'

/** What must not be taken quietly. */
export const refusals: Promises = {
  async 'refuses a state that lacks a parameter or a slot, naming it'(trial) {
    await refusesStates(trial, 'a state without', (arrays, name) => {
      const { [name]: _, ...rest } = arrays
      return rest
    })
  },

  async 'refuses a parameter or a slot of another shape, naming it'(trial) {
    await refusesStates(trial, 'a longer', (arrays, name) => ({ ...arrays, [name]: longer(arrays[name]) }))
  },

  async 'refuses a parameter or a slot of another type, naming it'(trial) {
    await refusesStates(trial, 'a retyped', (arrays, name) => ({ ...arrays, [name]: retyped(arrays[name]) }))
  },

  async 'refuses a parameter or a slot that it does not know, naming it'(trial) {
    const stranger = { data: new Float32Array(1), shape: [1] }
    await refusesStates(trial, 'a stranger besides', (arrays) => ({ ...arrays, stranger }), 'stranger')
  },

  async 'refuses arrays that are not what a step has added up, naming them'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 0.5, true)
    const state = await session.save()
    const { accumulated = {} } = state
    const refuses = async (changed: NamedArrays, naming: string, what: string): Promise<void> =>
      ensureRefuses(async () => session.load({ ...state, accumulated: changed }), naming, what)
    for (const [name, array] of Object.entries(accumulated)) {
      const { [name]: _, ...rest } = accumulated
      await refuses(rest, name, `a state without "${name}"`)
      await refuses({ ...accumulated, [name]: longer(array) }, name, `a longer "${name}"`)
      await refuses({ ...accumulated, [name]: retyped(array) }, name, `a retyped "${name}"`)
    }
    await refuses({ ...accumulated, stranger: longer(undefined) }, 'stranger', 'a stranger besides')
    trial.ensureSame(await session.save(), state, 'after states that were refused')
  },

  async 'refuses a batch that lacks an array, naming it'(trial) {
    const batch = trial.batch(4)
    for (const name of Object.keys(batch)) {
      const { [name]: _, ...rest } = batch
      await refusesBatch(trial, rest, name, `a batch without "${name}"`)
    }
  },

  async 'refuses a batch with an array of another shape, naming it'(trial) {
    const batch = trial.batch(4)
    for (const name of Object.keys(batch)) {
      const wrong = wider(batch[name] as NdArray)
      await refusesBatch(trial, { ...batch, [name]: wrong }, name, `"${name}" of the shape [${wrong.shape}]`)
    }
  },
}

type Change = (arrays: NamedArrays, name: string) => NamedArrays

/** Changes each parameter and each slot of a state in turn; the session must refuse each such state. */
async function refusesStates(trial: Trial, what: string, change: Change, naming?: string): Promise<void> {
  const session = await trial.open()
  await trial.steps(session, 1, 2)
  const state = await session.save()
  const changed = (part: 'parameters' | 'slots'): [string, SessionState][] =>
    Object.keys(state[part]).map((name) => [name, { ...state, [part]: change(state[part], name) }])
  for (const [name, wrong] of [...changed('parameters'), ...changed('slots')]) {
    await ensureRefuses(async () => session.load(wrong), naming ?? name, `${what} "${name}"`)
  }
  trial.ensureSame(await session.save(), state, 'after states that were refused')
}

async function refusesBatch(trial: Trial, batch: Batch, naming: string, what: string): Promise<void> {
  const session = await trial.open()
  await ensureRefuses(async () => session.forwardBackward(batch, 1, false), naming, what)
}

function longer(array: NdArray | undefined): NdArray {
  const length = (array?.data.length ?? 0) + 1
  return { data: new Float32Array(length), shape: [length] }
}

function retyped(array: NdArray | undefined): NdArray {
  const { data, shape } = array as NdArray
  const other = data instanceof Float32Array ? Int32Array : Float32Array
  return { data: other.from(data), shape }
}

/** Three more in the last dimension; another dimension where there is only that of the samples. */
function wider({ data, shape }: NdArray): NdArray {
  const wide = shape.length === 1 ? [...shape, 3] : [...shape.slice(0, -1), (shape.at(-1) as number) + 3]
  const values = data.slice(0, 0).constructor as new (length: number) => NdArray['data']
  return { data: new values(wide.reduce((size, dimension) => size * dimension, 1)), shape: wide }
}
