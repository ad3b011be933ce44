import { hashOf } from './file-hash.ts'
import { fileNames } from './file-names.ts'
import { checkName } from './names.ts'
import { bytesOf, checkLength } from './parts.ts'
import type { CheckpointReader, CheckpointStore, CheckpointWriter, FileEntry } from './store.ts'
import { StrictWriter } from './strict-writer.ts'

/** The names of files, and how many bytes they hold. */
export type Sizes = Readonly<Record<string, number>>

/**
 * Named folders of files, in a place where a folder cannot be renamed: all that {@link manifestLastStore} needs
 * to make a store of it.
 */
export interface Folders {
  /** As a store's. */
  readonly location: string
  /** Keeps the place for one run; see {@link CheckpointStore.acquire}. */
  lock(): Promise<() => Promise<void>>
  /** The folders there are, and whether each has a `manifest.json` that is not empty. */
  list(): Promise<ReadonlyMap<string, boolean>>
  /** The files that lie directly in a folder, with their sizes in bytes; none where there is no such folder. */
  files(folder: string): Promise<Sizes>
  /** Writes a file: an interrupted one may be there in part, a `manifest.json` is whole, empty or not there. */
  write(folder: string, file: string, parts: readonly Uint8Array[]): Promise<FileEntry>
  /** Reads a file of as many bytes as the parts hold: that has been looked at. */
  read(folder: string, file: string, into: readonly Uint8Array[]): Promise<FileEntry>
  /** Removes files that are there; with the last of them the folder goes, where there are folders. */
  remove(folder: string, files: readonly string[]): Promise<void>
  within(name: string): Folders
}

/**
 * A store in which a checkpoint is there once its `manifest.json` is: the writer holds it back until everything
 * else is written, and removing begins with it. What an interrupted save has left goes when the place is acquired,
 * or when its name is taken again.
 */
export function manifestLastStore(folders: Folders): CheckpointStore {
  const { location } = folders
  return {
    location,
    acquire: () => acquire(folders),
    async list() {
      return [...(await folders.list())].filter(([, isCommitted]) => isCommitted).map(([name]) => name)
    },
    create: (name) => create(folders, name),
    open: (name) => open(folders, name),
    async remove(name) {
      await committed(folders, name)
      await folders.remove(name, [fileNames.manifest])
      await clear(folders, name)
    },
    within(name) {
      checkName(name)
      return manifestLastStore(folders.within(name))
    },
  }
}

async function acquire(folders: Folders): Promise<() => Promise<void>> {
  const release = await folders.lock()
  try {
    for (const [name, isCommitted] of await folders.list()) if (!isCommitted) await clear(folders, name)
  } catch (error) {
    await release()
    throw error
  }
  return release
}

async function create(folders: Folders, name: string): Promise<CheckpointWriter> {
  checkName(name)
  await checkFree(folders, name)
  await clear(folders, name)
  let manifest: Uint8Array[] = []
  return new StrictWriter(`${folders.location}/${name}`, {
    write(file, parts) {
      if (file !== fileNames.manifest) return folders.write(name, file, parts)
      manifest = parts.map((part) => part.slice())
      return hashOf(manifest)
    },
    async commit() {
      if (bytesOf(manifest) === 0)
        throw new Error(`${folders.location}/${name}: ${fileNames.manifest} is empty`)
      await checkFree(folders, name)
      await folders.write(name, fileNames.manifest, manifest)
    },
    discard: () => clear(folders, name),
  })
}

async function open(folders: Folders, name: string): Promise<CheckpointReader> {
  const sizes = await committed(folders, name)
  return {
    files: async () => sizes,
    async read(file, into) {
      const bytes = Object.hasOwn(sizes, file) ? sizes[file] : undefined
      const path = `${folders.location}/${name}/${file}`
      if (bytes === undefined) throw new Error(`${path} is not there`)
      checkLength(path, bytes, into)
      return folders.read(name, file, into)
    },
    close: async () => {},
  }
}

async function checkFree(folders: Folders, name: string): Promise<void> {
  if (hasManifest(await folders.files(name))) throw new Error(`${folders.location}/${name} is there already`)
}

/** @returns the files of a committed checkpoint. */
async function committed(folders: Folders, name: string): Promise<Sizes> {
  checkName(name)
  const files = await folders.files(name)
  if (hasManifest(files)) return files
  throw new Error(`${folders.location}: there is no checkpoint ${JSON.stringify(name)}`)
}

/** An empty one is the trace of a write that was interrupted. */
function hasManifest(files: Sizes): boolean {
  return Object.hasOwn(files, fileNames.manifest) && files[fileNames.manifest] !== 0
}

async function clear(folders: Folders, name: string): Promise<void> {
  await folders.remove(name, Object.keys(await folders.files(name)))
}
