import type { InferenceState, RunState } from '@hookstep/catalogue'
import { CheckpointError } from './checkpoint-error.ts'
import { listCheckpoints } from './listing.ts'
import type { Manifest } from './manifest.ts'
import { nearestNames } from './nearest-names.ts'
import { type Checkpoint, readCheckpoint } from './reading.ts'
import type { CheckpointStore } from './store.ts'

export type Kind = Manifest['kind']

interface States {
  readonly train: RunState
  readonly inference: InferenceState
}

/** A checkpoint of one kind. */
export interface CheckpointOf<One extends Kind> {
  readonly manifest: Manifest
  readonly state: States[One]
}

/** Tells of a checkpoint that is not used. */
export type Reject = (refused: CheckpointError) => void | Promise<void>

/** The checkpoints of a store that a run of one kind could go on from. */
export class Candidates<One extends Kind> {
  /** The highest number that the store has given. */
  readonly sequence: number
  private readonly store: CheckpointStore
  private readonly kind: One
  private readonly reject: Reject
  private readonly rank: number | undefined
  /** Newest first; what turns out to be damaged goes. */
  private manifests: readonly Manifest[]
  private read: CheckpointOf<One> | undefined
  private rejected = 0

  /** @param rank the only one whose checkpoints are taken. Default: any. */
  static async of<One extends Kind>(
    store: CheckpointStore,
    kind: One,
    reject: Reject,
    rank?: number,
  ): Promise<Candidates<One>> {
    const { manifests, refused } = await listCheckpoints(store)
    const found = new Candidates<One>(store, kind, manifests, reject, rank)
    for (const error of refused) await found.pass(error)
    await found.passOtherRanks()
    return found
  }

  private constructor(
    store: CheckpointStore,
    kind: One,
    manifests: readonly Manifest[],
    reject: Reject,
    rank?: number,
  ) {
    this.store = store
    this.kind = kind
    this.reject = reject
    this.rank = rank
    this.sequence = manifests[0]?.sequence ?? 0
    this.manifests = manifests.filter((manifest) => manifest.kind === kind)
  }

  /** Those that have not been found damaged, newest first. */
  get valid(): readonly Manifest[] {
    return this.manifests
  }

  /** How many were found damaged. */
  get rejections(): number {
    return this.rejected
  }

  /**
   * Reads the one of a name.
   *
   * @throws Error where there is none, naming those that look like it, or it is damaged.
   */
  async named(name: string): Promise<CheckpointOf<One>> {
    const { store, kind } = this
    const names = await store.list()
    if (!names.includes(name)) {
      const near = nearestNames(name, names)
      const remedy =
        near.length > 0 ? `the names most like it are ${near.join(', ')}` : 'there are none at all'
      throw new Error(`${store.location} has no checkpoint ${JSON.stringify(name)}; ${remedy}`)
    }
    const read = await readCheckpoint(store, name)
    const error = this.ofOtherRank(read.manifest)
    if (error !== undefined) throw error
    if (isOf(kind, read)) return read
    throw new Error(`${store.location}/${name} is of kind ${read.kind}; this takes one of kind ${kind}`)
  }

  /** Reads the newest that was numbered at most `upTo`, past those that are damaged. */
  async newest(upTo: number): Promise<CheckpointOf<One> | undefined> {
    for (const { name, sequence } of this.manifests) {
      if (sequence > upTo) continue
      if (this.read?.manifest.name === name) return this.read
      this.read = await this.readOrReject(name)
      if (this.read !== undefined) return this.read
    }
    return undefined
  }

  /** Removes what is newer: of several ranks one has it, and no other can go on from there. */
  async removeAfter(sequence: number): Promise<void> {
    for (const manifest of this.manifests) {
      if (manifest.sequence > sequence) await this.store.remove(manifest.name)
    }
    this.manifests = this.manifests.filter((manifest) => manifest.sequence <= sequence)
  }

  private async readOrReject(name: string): Promise<CheckpointOf<One> | undefined> {
    // The state that was read before is let go of: two would not fit where one does.
    this.read = undefined
    try {
      const read = await readCheckpoint(this.store, name)
      return isOf(this.kind, read) ? read : undefined
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error
      this.manifests = this.manifests.filter((manifest) => manifest.name !== name)
      await this.pass(error)
      return undefined
    }
  }

  /** The state of another rank fits as well, and is not this one's. */
  private async passOtherRanks(): Promise<void> {
    const found = this.manifests
    this.manifests = found.filter((manifest) => this.ofOtherRank(manifest) === undefined)
    for (const manifest of found) {
      const error = this.ofOtherRank(manifest)
      if (error !== undefined) await this.pass(error)
    }
  }

  private ofOtherRank({ name, rank }: Manifest): CheckpointError | undefined {
    if (this.rank === undefined || rank === this.rank) return undefined
    const reason = `it is that of rank ${rank}, this is rank ${this.rank}`
    return new CheckpointError(`${this.store.location}/${name}`, reason)
  }

  private async pass(error: CheckpointError): Promise<void> {
    this.rejected++
    await this.reject(error)
  }
}

function isOf<One extends Kind>(
  kind: One,
  checkpoint: Checkpoint,
): checkpoint is Checkpoint & CheckpointOf<One> {
  return checkpoint.kind === kind
}
