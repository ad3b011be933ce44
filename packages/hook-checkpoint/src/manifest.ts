import type { Json, Values } from '@hookstep/catalogue'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { fromExactJson, toExactJson } from './exact-json.ts'
import { count, type Form, flag, listOf, number, object, oneOf, recordOf, text, textLike } from './forms.ts'
import { messageOf } from './message-of.ts'
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
export type ManifestFacts = Pick<
  Manifest,
  'sequence' | 'rank' | 'worldSize' | 'reasons' | 'metrics' | 'pinned'
>

/** A checkpoint's name: `step-00000200`, `step-00000200-within-201`, `step-00000200-2`. */
export const checkpointName: RegExp = /^step-\d{8,15}(-within-\d{1,15})?(-\d{1,6})?$/

/** A manifest with the hash of itself. */
export function sealed(manifest: Omit<Manifest, 'sha256'>): Manifest {
  return { ...manifest, sha256: bytesToHex(sha256(utf8ToBytes(toExactJson(manifest)))) }
}

/** What lies in `manifest.json`. */
export function manifestText(manifest: Manifest): string {
  return `${toExactJson(manifestForm(manifest, 'manifest'), 2)}\n`
}

/** @throws Error when the text is not that of a manifest, to the byte, or its own hash is another. */
export function parseManifest(json: string): Manifest {
  const manifest = manifestForm(parsed(json), 'manifest')
  const { sha256: stated, ...rest } = manifest
  const { sha256: found } = sealed(rest)
  if (stated !== found) throw new Error(`the manifest's SHA-256 is ${found}, it says ${stated}`)
  if (manifestText(manifest) !== json) throw new Error('the manifest is not written as manifests are')
  return manifest
}

function parsed(json: string): Json {
  try {
    return fromExactJson(json)
  } catch (cause) {
    throw new Error(`the manifest is damaged: ${messageOf(cause)}`, { cause })
  }
}

const hash = textLike(/^[0-9a-f]{64}$/, '64 hexadecimal digits')

const fileForm = object<FileEntry>({ bytes: count, sha256: hash })

const manifestForm: Form<Manifest> = object<Manifest>({
  format: oneOf('hookstep-checkpoint'),
  version: oneOf(1),
  kind: oneOf('train', 'inference'),
  name: textLike(checkpointName, "a checkpoint's name"),
  sequence: count,
  step: count,
  isWithinStep: flag,
  rank: count,
  worldSize: count,
  created: text,
  reasons: listOf(text),
  metrics: recordOf(number),
  pinned: flag,
  files: recordOf(fileForm),
  sha256: hash,
})
