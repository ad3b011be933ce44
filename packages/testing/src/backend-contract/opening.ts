import { ensure, ensureClose } from '../ensure.ts'
import { sizeOf } from '../named-arrays.ts'
import { flat, type Promises } from './trial.ts'

/** What holds for a session that has just been opened. */
export const opening: Promises = {
  async 'has a name'(trial) {
    ensure(typeof trial.backendName === 'string' && trial.backendName !== '', 'the backend has no name')
  },

  async 'says after how many steps a reading is there'(trial) {
    const { readbackLag } = await trial.open()
    ensure(Number.isInteger(readbackLag) && readbackLag >= 0, `readbackLag is ${readbackLag}`)
  },

  async 'counts the numbers that it learns'(trial) {
    const session = await trial.open()
    const { parameters } = await session.save()
    const sizes = Object.values(parameters).map(({ data, shape }) => [data.length, sizeOf(shape)] as const)
    ensure(sizes.length > 0, 'there are no parameters')
    ensure(
      sizes.every(([length, size]) => length === size),
      'a parameter does not fill its shape',
    )
    // What is learned comes first, other numbers that the model keeps (statistics) behind it.
    let total = 0
    const totals = sizes.map(([length]) => {
      total += length
      return total
    })
    ensure(
      totals.includes(session.parameterCount),
      `parameterCount is ${session.parameterCount}, but the first parameters that are saved add up to ${totals.join(', ')}`,
    )
  },

  async 'names each slot after its parameter'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 2)
    const { parameters, slots } = await session.save()
    for (const slot of Object.keys(slots)) {
      const owner = Object.keys(parameters).find((name) => slot.startsWith(`${name}/`))
      ensure(owner !== undefined, `the slot "${slot}" is not named <parameter>/<slot>`)
    }
  },

  async 'draws the same parameters from the same seed, others from another'(trial) {
    const first = await (await trial.open(1)).save()
    const again = await (await trial.open(1)).save()
    const other = await (await trial.open(2)).save()
    ensureClose(flat(again.parameters), flat(first.parameters), 0, 'parameters of the same seed')
    const differ = flat(other.parameters).some((value, i) => value !== flat(first.parameters)[i])
    ensure(differ, 'the seeds 1 and 2 give the same parameters')
  },
}
