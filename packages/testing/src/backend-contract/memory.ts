import type { Session } from '@hookstep/trainer'
import { ensure, ensureEqual } from '../ensure.ts'
import { evaluate, type Promises, read, type Trial } from './trial.ts'

/** What is held on the device. */
export const memory: Promises = {
  async 'holds no more after many steps than after a few'(trial) {
    const session = await trial.open()
    for (let key = 0; key < 4; key++) await everything(trial, session, key)
    const few = session.memory()
    for (let key = 4; key < 16; key++) await everything(trial, session, key)
    const many = session.memory()
    ensure(few.tensors > 0 && few.bytes > 0, 'memory() counts nothing')
    ensure(many.tensors <= few.tensors, `${few.tensors} tensors have become ${many.tensors} in 12 steps`)
    ensure(many.bytes <= few.bytes, `${few.bytes} bytes have become ${many.bytes} in 12 steps`)
  },

  async 'holds nothing once it is closed'(trial) {
    const session = await trial.open()
    await everything(trial, session, 0)
    await trial.close()
    ensureEqual(session.memory().tensors, 0, 'tensors of a closed session')
  },
}

/** Every verb there is, and each handle released. */
async function everything(trial: Trial, session: Session, key: number): Promise<void> {
  await session.forwardBackward(trial.batch(4, key), 0.5, true)
  await session.forwardBackward(trial.batch(2, key), 0.5, true)
  session.clipGradients(1).dispose()
  session.writeGradients((await read(session)).gradients)
  await session.optimizerStep(trial.learningRate)
  session.zeroGradients()
  await evaluate(session, trial.batch(3, key))
  await session.predict(trial.batch(3, key))
  await session.load(await session.save())
}
