import type { Distributed } from '@hookstep/catalogue'
import { listCheckpoints } from './listing.ts'
import type { Keep } from './options.ts'
import type { CheckpointStore } from './store.ts'

/** The least number that any rank names. Every rank calls it equally often. */
export type Agree = (value: number) => Promise<number>

/** The least and the greatest number that any rank names. */
export async function range(agree: Agree, value: number): Promise<readonly [least: number, most: number]> {
  return [await agree(value), -(await agree(-value))]
}

/** Where a rank keeps its checkpoints: the store itself, or with several ranks one within it for each. */
export function storeOfRank(store: CheckpointStore, { rank, worldSize }: Distributed): CheckpointStore {
  return worldSize === 1 ? store : store.within(`rank-${rank}`)
}

/**
 * What a rank keeps. One may have made two more checkpoints durable than another that is ended within its save: with
 * the last three each has one that all have.
 */
export function keepOfRanks(keep: Keep, { worldSize }: Distributed): Keep {
  return worldSize === 1 ? keep : { ...keep, last: Math.max(keep.last ?? 3, 3) }
}

/**
 * A rank goes on from its own state, and what is random differs from rank to rank: as many must go on as there were.
 *
 * @throws Error where the store has checkpoints of another number of ranks alone.
 */
export async function checkWorldSize(store: CheckpointStore, { worldSize }: Distributed): Promise<void> {
  const place = worldSize === 1 ? store.within('rank-0') : store
  const [found] = (await listCheckpoints(place)).manifests
  if (found === undefined) return
  throw new Error(
    `${store.location} has checkpoints of a run on ${count(found.worldSize)}, this run has ${count(worldSize)}: ` +
      "go on with as many, name another place, or begin afresh with resume: 'never'",
  )
}

function count(ranks: number): string {
  return ranks === 1 ? 'one rank' : `${ranks} ranks`
}
