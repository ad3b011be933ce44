import type { CheckpointStore } from '../store.ts'
import { indexedDbStore } from './indexed-db-store.ts'
import { root } from './opfs-folders.ts'
import { opfsStore } from './opfs-store.ts'

/**
 * Keeps checkpoints in this browser, for this site: in the origin-private file system where it can be written,
 * else in IndexedDB. `location` says where: `opfs:/checkpoints` or `indexeddb:checkpoints`.
 * What lies in IndexedDB already stays there, also when the browser has learnt the other meanwhile.
 *
 * ```ts
 * const store = await browserStore('digits')
 * ```
 *
 * @param name tells several places of one site apart. Default `checkpoints`.
 * @throws RangeError on a name that is none.
 */
export async function browserStore(name = 'checkpoints'): Promise<CheckpointStore> {
  const opfs = opfsStore(name)
  const isThere = (await canWriteFiles()) && !(await hasDatabase(name))
  return isThere ? opfs : indexedDbStore(name)
}

async function canWriteFiles(): Promise<boolean> {
  const { FileSystemFileHandle: { prototype } = {} } = globalThis as {
    FileSystemFileHandle?: { prototype?: object }
  }
  if (!prototype || !('createSyncAccessHandle' in prototype || 'createWritable' in prototype)) return false
  return root().then(
    () => true,
    () => false,
  )
}

async function hasDatabase(name: string): Promise<boolean> {
  const databases = (await indexedDB.databases?.()) ?? []
  return (
    databases.some((database) => database.name === name) && (await indexedDbStore(name).list()).length > 0
  )
}
