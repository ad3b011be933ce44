import { manifestLastStore } from '../manifest-last.ts'
import { checkName } from '../names.ts'
import type { CheckpointStore } from '../store.ts'
import { OpfsFolders } from './opfs-folders.ts'

/**
 * Keeps checkpoints in a folder of the browser's origin-private file system, from a page or a dedicated
 * Worker; the Worker is quicker, and all tabs of the site see the same. {@link browserStore} takes it where it is there.
 *
 * @param name the folder's, directly in the file system.
 */
export function opfsStore(name = 'checkpoints'): CheckpointStore {
  checkName(name)
  return manifestLastStore(new OpfsFolders([name]))
}
