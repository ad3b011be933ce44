import type { InferenceState, NdArray, RunState } from '@hookstep/catalogue'
import { describe, expect, test } from 'vitest'
import { listCheckpoints } from '../src/listing.ts'
import { memoryStore } from '../src/memory-store.ts'
import { readCheckpoint, readParameters } from '../src/reading.ts'
import type { CheckpointStore, CheckpointWriter } from '../src/store.ts'
import { writeCheckpoint } from '../src/writing.ts'
import { facts, inferenceState, runState, stateWithinStep } from './saved-states.ts'

describe('a state comes back as it was', () => {
  const states: Record<string, () => RunState | InferenceState> = {
    'between steps': runState,
    'within a step': stateWithinStep,
    'of inference': inferenceState,
  }
  test.each(Object.entries(states))('%s', async (_, state) => {
    const store = memoryStore()
    const manifest = await writeCheckpoint(store, state(), facts)
    const read = await readCheckpoint(store, manifest.name)
    expect(read.state).toStrictEqual(state())
    expect(read.manifest).toStrictEqual(manifest)
    expect(await listCheckpoints(store)).toStrictEqual({ manifests: [manifest], refused: [] })
  })
})

test('parameters are read alone', async () => {
  const store = memoryStore()
  const { name } = await writeCheckpoint(store, runState(), facts)
  const inference = await writeCheckpoint(store, inferenceState(), facts)
  expect(await readParameters(store, name)).toStrictEqual(runState().session.parameters)
  await expect(readParameters(store, inference.name)).rejects.toThrow('an inference has no parameters')
})

test('a name says the step, and whether another was under way; one that is taken gets a number', async () => {
  const store = memoryStore()
  const names: string[] = []
  for (const state of [runState(), stateWithinStep(), runState(), runState(), stateWithinStep()]) {
    names.push((await writeCheckpoint(store, state, facts)).name)
  }
  expect(names).toEqual([
    'step-00000200',
    'step-00000200-within-201',
    'step-00000200-2',
    'step-00000200-3',
    'step-00000200-within-201-2',
  ])
})

test('the newest is listed first, whatever it is called; what cannot be used comes with the reason', async () => {
  const store = memoryStore()
  for (const [step, sequence] of [
    [300, 1],
    [100, 3],
    [200, 2],
  ] as const) {
    await writeCheckpoint(store, { ...runState(), step }, { ...facts, sequence })
  }
  for (const name of ['step-00000400', 'notes']) await saveNothing(store, name)
  const { manifests, refused } = await listCheckpoints(store)
  expect(manifests.map(({ name }) => name)).toEqual(['step-00000100', 'step-00000200', 'step-00000300'])
  expect(refused.map(({ location, reason, message }) => ({ location, reason, message }))).toEqual([
    {
      location: 'memory/step-00000400',
      reason: 'manifest is a list, it must be a plain object',
      message: 'memory/step-00000400 is refused: manifest is a list, it must be a plain object',
    },
  ])
})

test('arrays are handed over, not copied; one in two files is there in both', async () => {
  const shared = new Float32Array([1, 2, 3, 4])
  const state = runState()
  const parameters = { a: view(shared, 0, 2), b: view(new Float32Array([5]), 0, 1) }
  const slots = { 'a/m': view(shared, 2, 4) }
  const buffers = [shared.buffer, parameters.b.data.buffer]
  const store = takingBuffers()
  const { name } = await writeCheckpoint(
    store,
    { ...state, session: { ...state.session, parameters, slots } },
    facts,
  )
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0])
  const { session } = (await readCheckpoint(store, name)).state as RunState
  expect([session.parameters.a?.data, session.slots['a/m']?.data]).toEqual([
    Float32Array.of(1, 2),
    Float32Array.of(3, 4),
  ])
})

test('what could not be read again is not written', async () => {
  const store = memoryStore()
  const strange: Record<string, Partial<RunState>> = {
    'state.step is -1, it must be a whole number from 0 on': { step: -1 },
    'state.hooks has a key __proto__: rename it': {
      hooks: JSON.parse('{"__proto__":{"version":1,"state":1}}'),
    },
    'state.configuration.since is an object, it must be a plain object': {
      configuration: { since: new Date(0) as never },
    },
    'state has an unknown field "more"': { more: 1 } as object,
    '1000000000000000 is no name': { step: 1e15 },
  }
  for (const [reason, part] of Object.entries(strange)) {
    await expect(writeCheckpoint(store, { ...runState(), ...part }, facts)).rejects.toThrow(reason)
  }
  expect(await store.list()).toEqual([])
})

test.each(['slots.safetensors', 'state.json', 'manifest.json'])(
  'of a save that fails at %s nothing is left',
  async (file) => {
    const store = memoryStore()
    const log: string[] = []
    const failing = withWriter(store, (writer) => ({
      write: (name, parts) =>
        name === file ? Promise.reject(new Error('no more room')) : writer.write(name, parts),
      commit: () => writer.commit(),
      async discard() {
        log.push('discarded')
        await writer.discard()
        throw new Error('that failed, too')
      },
    }))
    await expect(writeCheckpoint(failing, runState(), facts)).rejects.toThrow('no more room')
    expect([log, await store.list()]).toEqual([['discarded'], []])
  },
)

/** A store that takes the buffers of what it is given, as stores with a thread of their own do. */
function takingBuffers(): CheckpointStore {
  return withWriter(memoryStore(), (writer) => ({
    write(file, parts) {
      const buffers = new Set(parts.map(({ buffer }) => buffer as ArrayBuffer))
      return writer.write(file, structuredClone(parts, { transfer: [...buffers] }))
    },
    commit: () => writer.commit(),
    discard: () => writer.discard(),
  }))
}

function withWriter(
  store: CheckpointStore,
  around: (writer: CheckpointWriter) => CheckpointWriter,
): CheckpointStore {
  return { ...store, create: async (name) => around(await store.create(name)) }
}

async function saveNothing(store: CheckpointStore, name: string): Promise<void> {
  const writer = await store.create(name)
  await writer.write('manifest.json', [new TextEncoder().encode('[]')])
  await writer.commit()
}

function view(data: Float32Array, from: number, to: number): NdArray {
  return { data: data.subarray(from, to), shape: [to - from] }
}
