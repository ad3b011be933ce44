import { FileHash } from './file-hash.ts'
import { checkName } from './names.ts'
import { bytesOf, checkLength } from './parts.ts'
import type { CheckpointReader, CheckpointStore, CheckpointWriter } from './store.ts'
import { StrictWriter } from './strict-writer.ts'

type Files = Map<string, Uint8Array>

/** What a memory store and those within it have in common. */
interface Memory {
  readonly checkpoints: Map<string, Files>
  readonly within: Map<string, CheckpointStore>
  isTaken: boolean
}

/**
 * Keeps checkpoints in memory, as long as the store itself is there: for tests, and for runs that go back within
 * one program. Copies what it is given.
 *
 * ```ts
 * const store = memoryStore()
 * ```
 */
export function memoryStore(): CheckpointStore {
  return storeAt('memory')
}

function storeAt(location: string): CheckpointStore {
  const memory: Memory = { checkpoints: new Map(), within: new Map(), isTaken: false }
  return {
    location,
    acquire: async () => acquire(memory, location),
    list: async () => [...memory.checkpoints.keys()],
    create: async (name) => writer(memory, name, location),
    open: async (name) => reader(checkpointOf(memory, name, location), `${location}/${name}`),
    async remove(name) {
      checkpointOf(memory, name, location)
      memory.checkpoints.delete(name)
    },
    within(name) {
      checkName(name)
      const store = memory.within.get(name) ?? storeAt(`${location}/${name}`)
      memory.within.set(name, store)
      return store
    },
  }
}

function acquire(memory: Memory, location: string): () => Promise<void> {
  if (memory.isTaken) throw new Error(`${location}: another run of this program saves here`)
  memory.isTaken = true
  return async () => {
    memory.isTaken = false
  }
}

function checkpointOf(memory: Memory, name: string, location: string): Files {
  const files = memory.checkpoints.get(name)
  if (files === undefined) throw new Error(`${location}: there is no checkpoint ${JSON.stringify(name)}`)
  return files
}

function writer({ checkpoints }: Memory, name: string, location: string): CheckpointWriter {
  const files: Files = new Map()
  const checkFree = (): void => {
    if (checkpoints.has(name))
      throw new Error(`${location}: there is a checkpoint ${JSON.stringify(name)} already`)
  }
  checkName(name)
  checkFree()
  return new StrictWriter(`${location}/${name}`, {
    async write(file, parts) {
      const bytes = new Uint8Array(bytesOf(parts))
      const hash = new FileHash()
      let at = 0
      for (const part of parts) {
        bytes.set(part, at)
        await hash.add(part)
        at += part.length
      }
      files.set(file, bytes)
      return hash.entry()
    },
    async commit() {
      checkFree()
      checkpoints.set(name, files)
    },
    discard: async () => files.clear(),
  })
}

function reader(files: Files, location: string): CheckpointReader {
  return {
    files: async () => Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.length])),
    async read(file, into) {
      const bytes = files.get(file)
      if (bytes === undefined) throw new Error(`${location}: there is no file ${JSON.stringify(file)}`)
      checkLength(`${location}/${file}`, bytes.length, into)
      const hash = new FileHash()
      let at = 0
      for (const part of into) {
        part.set(bytes.subarray(at, at + part.length))
        await hash.add(part)
        at += part.length
      }
      return hash.entry()
    },
    close: async () => {},
  }
}
