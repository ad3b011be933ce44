import type { RunState } from '@hookstep/catalogue'
import { loadCheckpoint as loadFrom } from '../load-checkpoint.ts'
import { folder } from '../node/folder.ts'
import type { CheckpointStore } from '../store.ts'

/**
 * The state of a training run, from a folder or another store: to evaluate it, or to predict with its parameters. Of a run
 * on several ranks that of the main one.
 *
 * @param name default: the newest that is valid.
 * @throws Error where there is none, naming those that look like it, or those that are damaged.
 */
export function loadCheckpoint(place: string | CheckpointStore, name?: string): Promise<RunState> {
  return loadFrom(typeof place === 'string' ? folder(place) : place, name)
}
