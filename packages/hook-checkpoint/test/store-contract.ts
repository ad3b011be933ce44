import type { CheckpointReader, CheckpointStore } from '../src/store.ts'
import { equal, refuses } from './expectations.ts'
import { noise } from './noise.ts'

/** What a store relies on and what relies on it: one case for each promise. They run in Node and in a browser. */
export interface StoreCase {
  readonly name: string
  run(place: Place): Promise<void>
}

/** An empty place for checkpoints. */
export interface Place {
  /** A store of this place: another each time, where it can be had, as another process would have it. */
  store(): CheckpointStore
}

type Promises = Readonly<Record<string, (place: Place) => Promise<void>>>

const promises: Promises = {
  async 'gives back what was written, with its size and its SHA-256'({ store }) {
    const writer = await store().create('step-1')
    const entry = await writer.write('state.json', [text('ab'), text('c')])
    await writer.write('manifest.json', [text('{}')])
    await writer.commit()
    equal(entry, { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })

    const reader = await store().open('step-1')
    const [start, end] = [new Uint8Array(1), new Uint8Array(2)]
    equal(await reader.read('state.json', [start, end]), entry)
    equal([...start, ...end], [...text('abc')])
    equal(sorted(await reader.files()), { 'manifest.json': 2, 'state.json': 3 })
    await reader.close()
  },

  async 'keeps empty files, of no part and of empty ones'({ store }) {
    const writer = await store().create('empty')
    const none = await writer.write('none', [])
    const some = await writer.write('some', [new Uint8Array(0), new Uint8Array(0)])
    await writer.write('manifest.json', [text('{}')])
    await writer.commit()
    const entry = { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }
    equal([none, some], [entry, entry])
    const reader = await store().open('empty')
    equal([await reader.read('none', []), await reader.read('some', [new Uint8Array(0)])], [entry, entry])
    equal(sorted(await reader.files()), { 'manifest.json': 2, none: 0, some: 0 })
    await reader.close()
  },

  async 'keeps a large file in many parts, some of them views, and reads it into others'({ store }) {
    const bytes = 5 * 2 ** 20 + 13
    const writer = await store().create('large')
    const entry = await writer.write('weights', cut(noise(bytes), [1, 65_536, 3, 3 * 2 ** 20, 4096]))
    await writer.write('manifest.json', [text('{}')])
    await writer.commit()

    const read = new Uint8Array(bytes)
    const reader = await store().open('large')
    equal(await reader.read('weights', cut(read, [999_999, 0, 2 ** 21, 5])), entry)
    equal(firstDifference(read, noise(bytes)), undefined)
    await reader.close()
  },

  async 'shows nothing of a checkpoint before it is committed'({ store }) {
    const writer = await store().create('step-1')
    await writer.write('state.json', [text('abc')])
    await writer.write('manifest.json', [text('{}')])
    equal(await store().list(), [])
    await refuses(store().open('step-1'), /step-1/)
    await writer.commit()
    equal(await store().list(), ['step-1'])
  },

  async 'shows nothing of what an interrupted save has left, and takes its name again'({ store }) {
    const interrupted = await store().create('step-1')
    await interrupted.write('state.json', [text('half')])
    await interrupted.write('left-over', [text('half')])
    equal(await store().list(), [])
    await save(store(), 'step-1')
    equal(await store().list(), ['step-1'])
    equal(await contents(store(), 'step-1'), { 'manifest.json': '{}', 'state.json': 'of step-1' })
  },

  async 'discards what was written'({ store }) {
    const writer = await store().create('step-1')
    await writer.write('state.json', [text('abc')])
    await writer.write('left-over', [text('abc')])
    await writer.discard()
    await refuses(store().open('step-1'), /step-1/)
    await save(store(), 'step-1')
    equal(await contents(store(), 'step-1'), { 'manifest.json': '{}', 'state.json': 'of step-1' })
  },

  async 'refuses a name that is taken, and leaves what has it'({ store }) {
    await save(store(), 'step-1')
    await refuses(store().create('step-1'), /step-1/)
    equal(await contents(store(), 'step-1'), { 'manifest.json': '{}', 'state.json': 'of step-1' })
  },

  async 'takes nothing after a commit'({ store }) {
    const writer = await store().create('step-1')
    await writer.write('manifest.json', [text('{}')])
    await writer.commit()
    await refuses(writer.write('late', [text('late')]))
    await refuses(writer.commit())
    equal(await contents(store(), 'step-1'), { 'manifest.json': '{}' })
  },

  async 'lists and reads several, and removes one'({ store }) {
    for (const name of ['step-1', 'step-2', 'step-10']) await save(store(), name)
    equal([...(await store().list())].sort(), ['step-1', 'step-10', 'step-2'])
    await store().remove('step-2')
    equal([...(await store().list())].sort(), ['step-1', 'step-10'])
    await refuses(store().open('step-2'), /step-2/)
    equal(await contents(store(), 'step-10'), { 'manifest.json': '{}', 'state.json': 'of step-10' })
    await save(store(), 'step-2')
    equal((await store().list()).length, 3)
  },

  async 'lists nothing in a place where nothing was saved, and opens and removes nothing'({ store }) {
    equal(await store().list(), [])
    await refuses(store().open('step-1'), /step-1/)
    await refuses(store().remove('step-1'), /step-1/)
  },

  async 'refuses to read a file that is shorter or longer than asked for, or that is not there'({ store }) {
    await save(store(), 'step-1')
    const reader = await store().open('step-1')
    await refuses(reader.read('state.json', [new Uint8Array(8)]), /state\.json/)
    await refuses(reader.read('state.json', [new Uint8Array(9), new Uint8Array(1)]), /state\.json/)
    await refuses(reader.read('state.json', []), /state\.json/)
    await refuses(reader.read('other.json', [new Uint8Array(1)]), /other\.json/)
    await reader.close()
  },

  async 'refuses names of which a path could be made'({ store }) {
    const writer = await store().create('step-1')
    for (const name of strangeNames) {
      await refuses(store().create(name))
      await refuses(store().open(name))
      await refuses(store().remove(name))
      await refuses(writer.write(name, [text('abc')]))
      await refuses((async () => store().within(name))())
    }
    await writer.discard()
    equal(await store().list(), [])
  },

  async 'keeps a store within from the store around it, and from its neighbours'({ store }) {
    const names = async (): Promise<unknown> => ({
      around: await store().list(),
      first: await store().within('rank-0').list(),
      second: await store().within('rank-1').list(),
    })
    await save(store().within('rank-0'), 'step-1')
    await save(store().within('rank-1'), 'step-2')
    equal(await names(), { around: [], first: ['step-1'], second: ['step-2'] })
    await save(store(), 'step-1')
    await store().within('rank-0').remove('step-1')
    equal(await names(), { around: ['step-1'], first: [], second: ['step-2'] })
    await refuses(store().within('rank-1').create('step-2'), /step-2/)
  },

  async 'says where it is'({ store }) {
    equal(store().location.length > 0, true)
    equal(store().within('rank-1').location.includes('rank-1'), true)
  },

  async 'is for one run at a time'({ store }) {
    const release = await store().acquire()
    const message = await refuses(store().acquire())
    equal(message.includes(store().location), true)
    await release()
    const releaseAgain = await store().acquire()
    await releaseAgain()
  },

  async 'can be taken within while it is taken'({ store }) {
    const release = await store().acquire()
    const releaseWithin = await store().within('rank-1').acquire()
    await refuses(store().within('rank-1').acquire())
    await releaseWithin()
    await release()
    equal(await store().list(), [])
  },

  async 'is read and written while a run has it'({ store }) {
    const release = await store().acquire()
    await save(store(), 'step-1')
    equal(await contents(store(), 'step-1'), { 'manifest.json': '{}', 'state.json': 'of step-1' })
    await release()
    equal(await store().list(), ['step-1'])
  },
}

/** The cases. Each wants an empty place. */
export const storeContract: readonly StoreCase[] = Object.entries(promises).map(([name, run]) => ({
  name,
  run,
}))

const strangeNames = [
  '',
  '.',
  '..',
  '../other',
  'a/b',
  '/a',
  'a\\b',
  'C:',
  'a\0b',
  'a\nb',
  '.hidden',
  'ä',
  '%2e',
  'a?b',
  'x'.repeat(300),
]

/** A checkpoint of two files. */
async function save(store: CheckpointStore, name: string): Promise<void> {
  const writer = await store.create(name)
  await writer.write('state.json', [text(`of ${name}`)])
  await writer.write('manifest.json', [text('{}')])
  await writer.commit()
}

async function contents(store: CheckpointStore, name: string): Promise<Record<string, string>> {
  const reader = await store.open(name)
  try {
    const files = Object.entries(sorted(await reader.files()))
    const texts: [string, string][] = []
    for (const [file, bytes] of files) texts.push([file, await readText(reader, file, bytes)])
    return Object.fromEntries(texts)
  } finally {
    await reader.close()
  }
}

async function readText(reader: CheckpointReader, file: string, length: number): Promise<string> {
  const bytes = new Uint8Array(length)
  await reader.read(file, [bytes])
  return new TextDecoder().decode(bytes)
}

/** In a buffer of its own, which a store may take. */
function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters).slice()
}

/** Views of the bytes, one behind the other: of the lengths given, and of what is left. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let at = 0
  return [...lengths, bytes.length].map((length) => {
    const part = bytes.subarray(at, at + length)
    at += part.length
    return part
  })
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const at = a.findIndex((byte, i) => byte !== b[i])
  return at < 0 ? undefined : at
}

function sorted(sizes: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1)))
}
