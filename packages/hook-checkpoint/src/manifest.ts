import type { Values } from '@hookstep/catalogue'
import type { FileEntry } from './store.ts'

/** What `manifest.json` says of a checkpoint: written last, and read first. */
export interface Manifest {
  readonly format: 'hookstep-checkpoint'
  /** Of the format. */
  readonly version: 1
  readonly kind: 'train' | 'inference'
  /** The checkpoint's own name: what lies under another has been moved. */
  readonly name: string
  /** Counts a store's checkpoints in the order in which they were committed: the newest has the highest. */
  readonly sequence: number
  /** The last complete step. */
  readonly step: number
  /** Whether a further step was under way. */
  readonly isWithinStep: boolean
  readonly rank: number
  readonly worldSize: number
  /** When it was taken, as ISO 8601. */
  readonly created: string
  /** Why it was taken: the trigger, and who asked for it. */
  readonly reasons: readonly string[]
  /** The last evaluation's values up to then, else none: by them the best are kept. */
  readonly metrics: Values
  /** Whether retention leaves it alone. */
  readonly pinned: boolean
  /** Every other file. */
  readonly files: Readonly<Record<string, FileEntry>>
  /** SHA-256 of this manifest, written without this field. */
  readonly sha256: string
}

/** What a checkpoint is told besides its state. */
export type ManifestFacts = Pick<Manifest, 'reasons' | 'metrics' | 'pinned' | 'rank' | 'worldSize'>
