import type { Dirent } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { checkName, isName } from '../names.ts'
import type { CheckpointStore } from '../store.ts'
import { explaining, hasCode } from './file-errors.ts'
import { openFolder } from './folder-reader.ts'
import { createFolder } from './folder-writer.ts'
import { makeFolder, syncFolder } from './folders.ts'
import { removeLeftOvers } from './left-overs.ts'
import { type Lock, lock } from './lock.ts'
import { removedName } from './temporary-names.ts'
import { WritingThreads } from './writing-threads.ts'

export interface FolderOptions {
  /** Seconds without a sign of life after which a run on another machine counts as gone. Default 60. */
  readonly takeOverSeconds?: number
}

/**
 * Keeps checkpoints in a folder of the file system, each as a folder of its own; it is made when it is first needed.
 *
 * A checkpoint is written under a temporary name, synced and renamed: a crash or a power failure leaves it there
 * as a whole or not at all. Hashing and writing go on in threads of their own.
 *
 * ```ts
 * import { folder } from '@hookstep/hook-checkpoint/node'
 *
 * const store = folder('runs/digits/checkpoints')
 * ```
 *
 * The place of a run that was killed is taken over at once; that of one on another machine, which cannot be seen from here,
 * when it has given no sign of life for `takeOverSeconds`: default 60.
 */
export function folder(path: string, options: FolderOptions = {}): CheckpointStore {
  const location = resolve(path)
  const threads = new WritingThreads()
  let held: Lock | undefined
  return {
    location,
    async acquire() {
      held = await acquire(location, (options.takeOverSeconds ?? 60) * 1000)
      return async () => {
        await threads.end()
        await held?.release()
        held = undefined
      }
    },
    list: () => explaining(location, 'its checkpoints cannot be listed', () => list(location)),
    create: (name) => createFolder(location, name, threads, () => held?.check()),
    open: (name) => openFolder(location, name),
    remove: (name) => remove(location, name),
    within(name) {
      checkName(name)
      return folder(join(location, name), options)
    },
  }
}

async function acquire(location: string, patienceMs: number): Promise<Lock> {
  return explaining(location, 'a run cannot save here', async () => {
    await makeFolder(location)
    // First, as what a run has left that was killed may be what fills the disk, and a lock needs some room.
    await removeLeftOvers(location)
    return lock(location, patienceMs)
  })
}

async function list(location: string): Promise<string[]> {
  const folders = (await entriesOf(location)).filter((entry) => isName(entry.name) && entry.isDirectory())
  const found = await Promise.all(folders.map(({ name }) => holdsFiles(join(location, name))))
  return folders.filter((_, index) => found[index]).map(({ name }) => name)
}

/** A store within holds folders; a checkpoint, damaged or not, holds files. */
async function holdsFiles(path: string): Promise<boolean> {
  return (await entriesOf(path)).some((entry) => isName(entry.name) && !entry.isDirectory())
}

/** None where there is no such folder. */
async function entriesOf(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

/** Renamed first: what is deleted in part is no checkpoint any more. */
async function remove(location: string, name: string): Promise<void> {
  checkName(name)
  await explaining(location, `${name} cannot be removed`, async () => {
    const removed = join(location, removedName())
    await rename(join(location, name), removed)
    await syncFolder(location)
    await rm(removed, { recursive: true, force: true })
  })
}
