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
 * @param name default: the newest that is valid. Of those that are passed over a warning is printed.
 * @throws Error where there is none; naming those that look like it, or those that are damaged.
 */
export async function loadCheckpoint(store: CheckpointStore, name?: string): Promise<RunState> {
  const place = await withCheckpoints(store)
  if (name !== undefined) {
    const found = await Candidates.of(place, 'train', () => {})
    return (await found.named(name)).state
  }
  const tried = new Set<string>()
  let refused: readonly CheckpointError[] = []
  // A run that saves there may remove what is being read: then there is a newer one.
  while (await hasOthers(place, tried)) {
    const found = await newestIn(place)
    if (found.state !== undefined) {
      for (const { message } of found.refused) console.warn(`hookstep: ${message}; an older one is taken`)
      return found.state
    }
    refused = found.refused
  }
  const reasons = refused.map(({ message }) => `; ${message}`)
  throw new Error(`${store.location} has no checkpoint of a training run${reasons.join('')}`)
}

/** Whether there are any that have not been tried; from now on they have. */
async function hasOthers(place: CheckpointStore, tried: Set<string>): Promise<boolean> {
  const others = (await place.list()).filter((name) => !tried.has(name))
  for (const name of others) tried.add(name)
  return others.length > 0
}

async function newestIn(
  place: CheckpointStore,
): Promise<{ readonly state: RunState | undefined; readonly refused: readonly CheckpointError[] }> {
  const refused: CheckpointError[] = []
  const found = await Candidates.of(place, 'train', (error) => void refused.push(error))
  const newest = await found.newest(Infinity)
  return { state: newest?.state, refused }
}

async function withCheckpoints(store: CheckpointStore): Promise<CheckpointStore> {
  if ((await store.list()).length > 0) return store
  const main = store.within('rank-0')
  return (await main.list()).length > 0 ? main : store
}
