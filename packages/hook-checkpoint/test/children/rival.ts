/** Saves thirty checkpoints in the folder named, without having it, and names each. What is in them tells by whom. */
import { folder } from '../../src/node/folder.ts'
import { writeCheckpoint } from '../../src/writing.ts'
import { facts, runState } from '../saved-states.ts'

const [, , path, number] = process.argv
const store = folder(path as string)
for (let step = 1; step <= 30; step++) {
  const weights = { data: new Float32Array(50_000).fill(Number(number)), shape: [50_000] }
  const state = { ...runState(), step, seed: Number(number) }
  const session = { ...state.session, parameters: { weights }, slots: { weights: { ...weights } } }
  try {
    console.log((await writeCheckpoint(store, { ...state, session }, { ...facts, sequence: step })).name)
  } catch (error) {
    // The other has been quicker with a name that was free before.
    if (!/the name is taken|ENOTEMPTY|EEXIST/.test((error as Error).message)) throw error
  }
}
