import { folder } from '../../src/node/folder.ts'
import { writeCheckpoint } from '../../src/writing.ts'
import { facts, runState } from '../saved-states.ts'

/** Saves in the folder named, and says what became of the array. It neither gives the folder back nor ends. */
const store = folder(process.argv[2] as string)
await store.acquire()
const state = runState()
const array = state.session.parameters['dense/κ']
const { name } = await writeCheckpoint(store, state, facts)
console.log(name, array?.data.length === 0 ? 'handed over' : 'kept')
