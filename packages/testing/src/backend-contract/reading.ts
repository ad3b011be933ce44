import { ensure, ensureClose, ensureEqual } from '../ensure.ts'
import { evaluate, type Promises, read, samples } from './trial.ts'

/** What is read from the device. */
export const reading: Promises = {
  async 'keeps a loss and a norm readable over later steps'(trial) {
    const early = await trial.open()
    await early.forwardBackward(trial.batch(4), 1, false)
    const [loss, norm] = [early.loss(), early.clipGradients(1e-3)]
    const expected = [await loss.read(), await norm.read()]
    loss.dispose()
    norm.dispose()

    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, false)
    const handles = [session.loss(), session.clipGradients(1e-3)]
    await session.optimizerStep(trial.learningRate)
    session.zeroGradients()
    await trial.steps(session, 1, 3)
    const late = await Promise.all(handles.map((handle) => handle.read()))
    for (const handle of handles) handle.dispose()
    ensureClose(late, expected, trial.repeated, 'the loss and the norm, read three steps later')
  },

  async 'evaluates without learning, and to the same values each time'(trial) {
    const session = await trial.open()
    await trial.steps(session, 1, 2)
    const before = await session.save()
    const first = await evaluate(session, trial.batch(4))
    const second = await evaluate(session, trial.batch(4))
    trial.ensureSame(await session.save(), before, 'after an evaluation')
    ensure('loss' in first, 'an evaluation gives no loss')
    ensureEqual(Object.keys(second), Object.keys(first), 'names of what is evaluated')
    ensureClose(Object.values(second), Object.values(first), trial.repeated, 'the same evaluation again')
  },

  async 'evaluates the metrics that training gives'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, true)
    const trained = Object.keys((await read(session)).values)
    const evaluated = Object.keys(await evaluate(session, trial.batch(4)))
    ensureEqual(evaluated.sort(), trained.sort(), 'names of losses and metrics')
  },

  async 'keeps gradients through an evaluation and a prediction'(trial) {
    const session = await trial.open()
    await session.forwardBackward(trial.batch(4), 1, true)
    const before = await read(session)
    await evaluate(session, trial.batch(4, 1))
    await session.predict(trial.batch(4, 2))
    const after = await read(session)
    ensureClose(after.gradients, before.gradients, 0, 'gradients after an evaluation')
    ensureEqual(after.values, before.values, 'loss and metrics after an evaluation')
  },

  async 'evaluates the mean over the samples'(trial) {
    const session = await trial.open()
    const batch = trial.batch(6)
    const whole = await evaluate(session, batch)
    const [two, four] = [
      await evaluate(session, samples(batch, 0, 2)),
      await evaluate(session, samples(batch, 2, 6)),
    ]
    for (const [name, value] of Object.entries(whole)) {
      const mean = (2 * (two[name] as number) + 4 * (four[name] as number)) / 6
      ensureClose([mean], [value], trial.tolerance, `${name} of two parts`)
    }
  },

  async 'predicts what it evaluates, an output for each sample'(trial) {
    const session = await trial.open()
    const evaluated = session.evaluate(trial.batch(5))
    const outputs = await evaluated.outputs()
    evaluated.dispose()
    const predicted = await session.predict(trial.batch(5))
    ensureEqual(outputs.shape[0], 5, 'the first dimension of the outputs')
    ensureEqual([...predicted.shape], [...outputs.shape], 'the shape of a prediction')
    ensureClose(
      predicted.data,
      outputs.data,
      trial.tolerance,
      'predictions, against the outputs of an evaluation',
    )
  },
}
