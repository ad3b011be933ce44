import { createHash } from 'node:crypto'
import type { Json } from '@hookstep/catalogue'
import { beforeAll, describe, expect, test } from 'vitest'
import { toExactJson } from '../src/exact-json.ts'
import { type Manifest, sealed } from '../src/manifest.ts'
import { memoryStore } from '../src/memory-store.ts'
import { readCheckpoint } from '../src/reading.ts'
import { writeCheckpoint } from '../src/writing.ts'
import { type Files, facts, filesOf, runState, stateWithinStep, storeOf } from './saved-states.ts'

const name = 'step-00000200-within-201'
let files: Files
let manifest: Manifest

beforeAll(async () => {
  const store = memoryStore()
  manifest = await writeCheckpoint(store, stateWithinStep(), facts)
  files = await filesOf(store, name)
})

test('undamaged it is used', async () => {
  expect(await outcome(files)).toBe('used')
})

test('cut short anywhere, it is refused', async () => {
  const survived: string[] = []
  for (const [file, content] of Object.entries(files)) {
    for (let length = 0; length < content.length; length++) {
      if ((await outcome({ ...files, [file]: content.slice(0, length) })) === 'used')
        survived.push(`${file} ${length}`)
    }
  }
  expect(survived).toEqual([])
})

test('with any single bit flipped, it is refused', { timeout: 30_000 }, async () => {
  const survived: string[] = []
  for (const [file, content] of Object.entries(files)) {
    for (let bit = 0; bit < content.length * 8; bit++) {
      const flipped = content.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
      if ((await outcome({ ...files, [file]: flipped })) === 'used') survived.push(`${file} ${bit}`)
    }
  }
  expect(survived).toEqual([])
})

test('with a byte more, or without a file, or with one that is not its own, it is refused', async () => {
  for (const [file, content] of Object.entries(files)) {
    expect(await outcome({ ...files, [file]: Uint8Array.of(...content, 10) })).toMatch(
      file === 'manifest.json' ? /JSON|written/ : file,
    )
    const { [file]: _, ...others } = files
    if (file !== 'manifest.json') expect(await outcome(others)).toBe(`${file} is missing`)
  }
  expect(await outcome({ ...files, 'notes.txt': Uint8Array.of() })).toBe(
    'it has a file that is not its own: "notes.txt"',
  )
})

test('with a file of another checkpoint, or under the name of another, it is refused', async () => {
  const store = memoryStore()
  const state = stateWithinStep()
  const session = { ...state.session, counters: { passes: 401, rate: -0 } }
  const other = await writeCheckpoint(store, { ...state, session }, facts)
  const others = await filesOf(store, other.name)
  expect(await outcome({ ...files, 'state.json': others['state.json'] as Uint8Array })).toMatch(
    /state\.json is damaged/,
  )
  expect(await outcome({ ...files, 'manifest.json': others['manifest.json'] as Uint8Array })).toMatch(
    /state\.json is damaged/,
  )
  const swapped = {
    'parameters.safetensors': files['slots.safetensors'],
    'slots.safetensors': files['parameters.safetensors'],
  }
  expect(await outcome({ ...files, ...swapped } as Files)).toMatch(/parameters\.safetensors has \d+ bytes/)
  expect(await outcome(files, 'step-00000200')).toBe(`its manifest is that of ${name}`)
})

describe('an edited manifest is refused', () => {
  test('without a new hash of itself', async () => {
    for (const change of [{ sequence: 99 }, { pinned: true }, { metrics: { loss: 0 } }, { files: {} }]) {
      expect(await outcome(edited({ ...manifest, ...change }))).toMatch(/^the manifest's SHA-256 is/)
    }
  })

  const hostile: Record<string, [change: (files: Manifest['files']) => object, reason: RegExp]> = {
    'that names a file outside': [
      (files) => ({ files: { ...files, '../other/state.json': files['state.json'] } }),
      /names "..\/other\/state.json"/,
    ],
    'that names an absolute path': [
      (files) => ({ files: { ...files, '/etc/passwd': files['state.json'] } }),
      /names "\/etc\/passwd"/,
    ],
    'that names no file': [() => ({ files: {} }), /does not name parameters/],
    'that names fewer': [
      ({ 'accumulated.safetensors': _, ...files }) => ({ files }),
      /not its own: "accumulated/,
    ],
    'that has a name outside': [
      () => ({ name: '../step-00000200' }),
      /name is ".*", it must be a checkpoint's name/,
    ],
    'of another name': [() => ({ name: 'step-00000201' }), /is that of step-00000201/],
    'of another kind': [() => ({ kind: 'inference' }), /names "parameters/],
    'of an unknown kind': [() => ({ kind: 'weights' }), /"train" or "inference"/],
    'of another version': [() => ({ version: 2 }), /version is 2, it must be 1/],
    'of another step': [() => ({ step: 300 }), /speaks of step 300, its state is that of step 200/],
    'between steps': [() => ({ isWithinStep: false }), /speaks of step 200/],
    'with a huge file': [
      (files) => ({ files: { ...files, 'state.json': { bytes: 2 ** 52, sha256: '0'.repeat(64) } } }),
      /written with 4503599627370496/,
    ],
    'with half a byte': [
      (files) => ({ files: { ...files, 'state.json': { bytes: 0.5, sha256: '0'.repeat(64) } } }),
      /bytes is 0.5/,
    ],
    'with a field too many': [() => ({ more: 1 }), /unknown field "more"/],
    'with a prototype': [() => ({ metrics: JSON.parse('{"__proto__":1}') }), /__proto__/],
  }
  test.each(Object.entries(hostile))('with one, %s', async (_, [change, reason]) => {
    expect(await outcome(resealed(change(manifest.files)))).toMatch(reason)
  })

  test('written in another way', async () => {
    const text = toExactJson(manifest)
    expect(await outcome({ ...files, 'manifest.json': utf8(text) })).toBe(
      'the manifest is not written as manifests are',
    )
  })
})

describe('a file with the right hash in a wrong form is refused', () => {
  const state = (): Record<string, Json> => JSON.parse(JSON.stringify(plain()))
  const forms: Record<string, [content: () => string, reason: RegExp]> = {
    'no JSON': [() => '{', /JSON/],
    'no object': [() => '[]', /state is a list/],
    'no step': [() => JSON.stringify({ ...state(), step: undefined }), /state.step is missing/],
    'no session': [() => JSON.stringify({ ...state(), session: null }), /state.session is null/],
    'a session with arrays': [
      () => JSON.stringify({ ...state(), session: { counters: 1, parameters: {} } }),
      /unknown field "parameters"/,
    ],
    'a text for a number': [
      () => JSON.stringify({ ...state(), seed: '7' }),
      /state.seed is "7", it must be a number/,
    ],
    'an unknown request': [
      () => JSON.stringify({ ...state(), requests: [{ kind: 'rm' }] }),
      /requests\[0\].kind is "rm"/,
    ],
    'a hook without a version': [
      () => JSON.stringify({ ...state(), hooks: { a: { state: 1 } } }),
      /hooks.a.version is missing/,
    ],
    'a prototype': [() => '{"hooks":{"__proto__":{"version":1,"state":{}}}}', /__proto__/],
    'a depth without end': [() => '['.repeat(200_000) + ']'.repeat(200_000), /./],
  }
  test.each(Object.entries(forms))('%s', async (_, [content, reason]) => {
    const state = utf8(content())
    expect(await outcome(resealed({}, { 'state.json': state }))).toMatch(reason)
    expect(({} as Record<string, unknown>).version).toBe(undefined)
  })

  test('arrays that are none', async () => {
    const file = Uint8Array.from(files['slots.safetensors'] as Uint8Array)
    file.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0)
    expect(await outcome(resealed({}, { 'slots.safetensors': file }))).toMatch(
      /^slots.safetensors: the header is to have/,
    )
  })
})

/** `used`, or the reason of the refusal; anything else that is thrown is a failure of the test. */
async function outcome(files: Files, as = name): Promise<string> {
  if (files['manifest.json'] === undefined) throw new Error('a store needs a manifest')
  const store = await storeOf(as, files)
  return readCheckpoint(store, as).then(
    () => 'used',
    (error) => {
      if (error.name !== 'CheckpointError' || error.location !== `memory/${as}`) throw error
      return error.reason
    },
  )
}

function edited(manifest: object): Files {
  return { ...files, 'manifest.json': utf8(`${toExactJson(manifest, 2)}\n`) }
}

/** With other files, whose hashes are right, and a manifest whose own hash is. */
function resealed(change: object, content: Files = {}): Files {
  const entries = Object.entries(content).map(([file, bytes]) => {
    return [file, { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]
  })
  const { sha256: _, ...rest } = manifest
  const changed = { ...rest, files: { ...rest.files, ...Object.fromEntries(entries) }, ...change }
  return { ...edited(sealed(changed)), ...content }
}

/** A state without its arrays, as it lies in `state.json`. */
function plain(): object {
  const { session, ...rest } = runState()
  return { ...rest, session: { counters: session.counters } }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
