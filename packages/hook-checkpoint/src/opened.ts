import { CheckpointError } from './checkpoint-error.ts'
import { fileNames, filesOfKind } from './file-names.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import type { CheckpointReader, CheckpointStore, FileEntry } from './store.ts'

/** A checkpoint whose manifest is as it was written, and which has the files that it names, in their sizes. */
export interface OpenedCheckpoint {
  readonly manifest: Manifest
  /** A file's bytes, in a buffer of their own. @throws Error when they are not those that were written. */
  read(file: string): Promise<Uint8Array<ArrayBuffer>>
}

/** No manifest comes near: what is larger is not read. */
const longestManifest = 16 * 2 ** 20

/**
 * Opens a checkpoint, and closes it when it has been used.
 *
 * @throws CheckpointError on whatever is wrong with it.
 */
export async function opened<Result>(
  store: CheckpointStore,
  name: string,
  use: (checkpoint: OpenedCheckpoint) => Promise<Result>,
): Promise<Result> {
  try {
    const reader = await store.open(name)
    try {
      return await use(await verified(reader, name))
    } finally {
      await reader.close()
    }
  } catch (cause) {
    throw new CheckpointError(`${store.location}/${name}`, (cause as Error).message, { cause })
  }
}

async function verified(reader: CheckpointReader, name: string): Promise<OpenedCheckpoint> {
  const sizes = await reader.files()
  const manifest = await readManifestFile(reader, sizes)
  if (manifest.name !== name) throw new Error(`its manifest is that of ${manifest.name}`)
  checkFiles(manifest, sizes)
  return {
    manifest,
    read: (file) => readFile(reader, file, manifest.files[file] as FileEntry),
  }
}

async function readManifestFile(
  reader: CheckpointReader,
  sizes: Readonly<Record<string, number>>,
): Promise<Manifest> {
  const file = fileNames.manifest
  const size = Object.hasOwn(sizes, file) ? (sizes[file] as number) : undefined
  if (size === undefined) throw new Error(`it has no ${file}`)
  if (size > longestManifest) throw new Error(`its ${file} has ${size} bytes: it is none`)
  const bytes = new Uint8Array(size)
  await reader.read(file, [bytes])
  return parseManifest(decoded(bytes))
}

/** @throws Error where the files are not exactly those of the manifest, and those of its kind. */
function checkFiles({ kind, files }: Manifest, sizes: Readonly<Record<string, number>>): void {
  const { must, may } = filesOfKind[kind]
  const missing = must.find((file) => !Object.hasOwn(files, file))
  if (missing !== undefined) throw new Error(`its manifest does not name ${missing}`)
  for (const [file, { bytes }] of Object.entries(files)) {
    if (![...must, ...may].includes(file)) throw new Error(`its manifest names ${JSON.stringify(file)}`)
    if (!Object.hasOwn(sizes, file)) throw new Error(`${file} is missing`)
    if (sizes[file] !== bytes)
      throw new Error(`${file} has ${sizes[file]} bytes, it was written with ${bytes}`)
  }
  const extra = Object.keys(sizes).find((file) => file !== fileNames.manifest && !Object.hasOwn(files, file))
  if (extra !== undefined) throw new Error(`it has a file that is not its own: ${JSON.stringify(extra)}`)
}

/** The sizes were compared: the buffer is no larger than the file. */
async function readFile(
  reader: CheckpointReader,
  file: string,
  { bytes, sha256 }: FileEntry,
): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(bytes)
  const found = await reader.read(file, [content])
  if (found.sha256 === sha256) return content
  throw new Error(`${file} is damaged: its SHA-256 is ${found.sha256}, it was written with ${sha256}`)
}

/** @throws TypeError when the bytes are no UTF-8. */
export function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}
