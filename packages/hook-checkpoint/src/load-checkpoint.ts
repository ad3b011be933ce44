import type { RunState } from '@hookstep/catalogue'
import { Candidates } from './candidates.ts'
import type { CheckpointError } from './checkpoint-error.ts'
import type { CheckpointStore } from './store.ts'

/**
 * The state of a training run, to evaluate it or to predict with its parameters. Of a run on several ranks that of the
 * main one.
 *
 * ```ts
 * const { session } = await loadCheckpoint(memoryStore())
 * console.log(Object.keys(session.parameters))
 * ```
 *
 * @param name default: the newest that is valid.
 * @throws Error where there is none; naming those that look like it, or those that are damaged.
 */
export async function loadCheckpoint(store: CheckpointStore, name?: string): Promise<RunState> {
  const refused: CheckpointError[] = []
  const place = await withCheckpoints(store)
  const found = await Candidates.of(place, 'train', (error) => void refused.push(error))
  if (name !== undefined) return (await found.named(name)).state
  const newest = await found.newest(Infinity)
  if (newest !== undefined) return newest.state
  const reasons = refused.map(({ message }) => `; ${message}`)
  throw new Error(`${store.location} has no checkpoint of a training run${reasons.join('')}`)
}

async function withCheckpoints(store: CheckpointStore): Promise<CheckpointStore> {
  if ((await store.list()).length > 0) return store
  const main = store.within('rank-0')
  return (await main.list()).length > 0 ? main : store
}
