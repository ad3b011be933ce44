/** What the tests of the browser stores call, in a page or a Worker. */

import type { OpfsFile } from '../../../src/browser/opfs-types.ts'
import { browserStore, indexedDbStore, opfsStore } from '../../../src/browser.ts'
import { noise } from '../../noise.ts'
import { storeContract } from '../../store-contract.ts'

const kinds = { opfs: opfsStore, indexedDb: indexedDbStore }

export type Kind = keyof typeof kinds

/** Runs a case of the store contract in a place of its own. */
export async function contractCase(kind: Kind, name: string, place: string): Promise<void> {
  const found = storeContract.find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no case '${name}'`)
  await found.run({ store: () => kinds[kind](place) })
}

/** Saves a checkpoint with a file of so many bytes. */
export async function save(kind: Kind, place: string, name: string, bytes: number): Promise<void> {
  const writer = await kinds[kind](place).create(name)
  try {
    await writer.write('weights', [noise(bytes)])
    await writer.write('manifest.json', [new TextEncoder().encode('{}')])
    await writer.commit()
  } catch (error) {
    await writer.discard()
    throw error
  }
}

/** Saves until the tab is gone: file after file, of so many bytes each. Returns when the first is written. */
export async function saveForEver(kind: Kind, place: string, name: string, bytes: number): Promise<void> {
  const writer = await kinds[kind](place).create(name)
  await writer.write('weights-1', [new Uint8Array(bytes)])
  void goOn(async (number) => {
    await writer.write(`weights-${number}`, [new Uint8Array(bytes)])
  })
}

async function goOn(body: (number: number) => Promise<void>): Promise<never> {
  for (let number = 2; ; number++) await body(number)
}

/** The size of the weights that each checkpoint has. */
export async function checkpoints(kind: Kind, place: string): Promise<Record<string, number | undefined>> {
  const store = kinds[kind](place)
  const sizes: Record<string, number | undefined> = {}
  for (const name of await store.list()) {
    const reader = await store.open(name)
    const { weights = 0 } = await reader.files()
    sizes[name] = (await reader.read('weights', [new Uint8Array(weights)])).bytes
    await reader.close()
  }
  return sizes
}

let release: (() => Promise<void>) | undefined

export async function acquire(kind: Kind, place: string): Promise<void> {
  release = await kinds[kind](place).acquire()
}

export async function giveBack(): Promise<void> {
  await release?.()
}

/** Where {@link browserStore} saves; without a file system, as in a browser that has none, where asked so. */
export async function chosenLocation(place: string, { files = true } = {}): Promise<string> {
  const { getDirectory } = navigator.storage
  if (!files)
    Object.assign(navigator.storage, { getDirectory: () => Promise.reject(new Error('there is none')) })
  try {
    return (await browserStore(place)).location
  } finally {
    Object.assign(navigator.storage, { getDirectory })
  }
}

/** The names of everything in the folder of a checkpoint, finished or not. */
export async function filesIn(place: string, name: string): Promise<string[]> {
  const root = await navigator.storage.getDirectory()
  try {
    const folder = await (await root.getDirectoryHandle(place)).getDirectoryHandle(name)
    const names: string[] = []
    for await (const file of folder.keys()) names.push(file)
    return names.sort()
  } catch {
    return []
  }
}

let held: { close(): void } | undefined

/** Keeps a file open that an interrupted save has left, as a tab that is closing does. In a Worker. */
export async function holdOpen(place: string, name: string, file: string): Promise<void> {
  const root = await navigator.storage.getDirectory()
  const folder = await (await root.getDirectoryHandle(place)).getDirectoryHandle(name)
  const handle: OpfsFile = await folder.getFileHandle(file)
  held = await handle.createSyncAccessHandle?.()
}

export function letGo(): void {
  held?.close()
}
