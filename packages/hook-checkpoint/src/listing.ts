import { CheckpointError } from './checkpoint-error.ts'
import { checkpointName, type Manifest } from './manifest.ts'
import { opened } from './opened.ts'
import type { CheckpointStore } from './store.ts'

/** What a store has. */
export interface Listing {
  /** Newest first. Their files are there and have the sizes stated; what is in them was not read. */
  readonly manifests: readonly Manifest[]
  /** Those that cannot be used, and why. */
  readonly refused: readonly CheckpointError[]
}

/**
 * The checkpoints of a store, by their manifests. What has not the name of a checkpoint is passed over.
 *
 * @throws Error when the store cannot be read.
 */
export async function listCheckpoints(store: CheckpointStore): Promise<Listing> {
  const manifests: Manifest[] = []
  const refused: CheckpointError[] = []
  for (const name of await store.list()) {
    if (!checkpointName.test(name)) continue
    const found = await manifestOrError(store, name)
    if (found instanceof CheckpointError) refused.push(found)
    else manifests.push(found)
  }
  return { manifests: manifests.sort(newestFirst), refused }
}

/** @throws CheckpointError when it cannot be used. */
export function readManifest(store: CheckpointStore, name: string): Promise<Manifest> {
  return opened(store, name, async ({ manifest }) => manifest)
}

/** For two that were committed as the same, by runs that did not know of each other, their name decides. */
function newestFirst(a: Manifest, b: Manifest): number {
  return b.sequence - a.sequence || b.step - a.step || (a.name < b.name ? 1 : -1)
}

function manifestOrError(store: CheckpointStore, name: string): Promise<Manifest | CheckpointError> {
  return readManifest(store, name).catch((error: unknown) => {
    if (error instanceof CheckpointError) return error
    throw error
  })
}
