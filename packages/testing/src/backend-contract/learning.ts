import { ensure, ensureClose } from '../ensure.ts'
import { evaluate, flat, type Promises } from './trial.ts'

/** What steps do. */
export const learning: Promises = {
  async 'learns: thirty steps on one batch lower its loss'(trial) {
    const session = await trial.open()
    const batch = trial.batch(8)
    const before = (await evaluate(session, batch)).loss as number
    for (let step = 0; step < 30; step++) await trial.step(session, batch)
    const after = (await evaluate(session, batch)).loss as number
    ensure(after < before, `the loss was ${before} and is ${after}`)
  },

  async 'takes each step at its own learning rate'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 3)
    const before = flat((await session.save()).parameters)
    await trial.step(session, trial.batch(4, 4), 0)
    ensureClose(
      flat((await session.save()).parameters),
      before,
      0,
      'parameters after a step at learning rate 0',
    )
    await trial.step(session, trial.batch(4, 5))
    const after = flat((await session.save()).parameters)
    ensure(
      after.some((value, i) => value !== before[i]),
      `a step at learning rate ${trial.learningRate} changes nothing`,
    )
  },

  async 'learns the same bits from the same seed and data'(trial) {
    const first = await trial.open()
    await trial.steps(first, 1, 5)
    const ended = await first.save()
    const second = await trial.open()
    await trial.steps(second, 1, 5)
    trial.ensureSame(await second.save(), ended, 'the same run again')
  },
}
