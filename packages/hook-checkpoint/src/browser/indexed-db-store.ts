import { manifestLastStore } from '../manifest-last.ts'
import { checkName } from '../names.ts'
import type { CheckpointStore } from '../store.ts'
import { IdbFolders } from './idb-folders.ts'

/**
 * Keeps checkpoints in an IndexedDB database, which every browser has: what {@link browserStore} takes where
 * there is no file system. It is slower, and holds a chunk of a megabyte more in memory.
 *
 * @param name the database's.
 */
export function indexedDbStore(name = 'checkpoints'): CheckpointStore {
  checkName(name)
  return manifestLastStore(new IdbFolders(name))
}
