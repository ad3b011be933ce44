import { FileHash } from '../file-hash.ts'
import { fileNames } from '../file-names.ts'
import type { Folders, Sizes } from '../manifest-last.ts'
import { chunksOf, PartsFilling } from '../parts.ts'
import type { FileEntry } from '../store.ts'
import { lock } from './lock.ts'
import type { OpfsFile } from './opfs-types.ts'
import { withRoom } from './room.ts'
import { whenFree } from './when-free.ts'

/** What goes to the file system at once: enough to be quick, and not enough for a page to stutter. */
const chunkBytes = 1024 * 1024

/** Folders within a folder of the origin-private file system. */
export class OpfsFolders implements Folders {
  readonly location: string
  private readonly path: readonly string[]

  /** @param path from the root of the file system. */
  constructor(path: readonly string[]) {
    this.path = path
    this.location = `opfs:/${path.join('/')}`
  }

  lock(): Promise<() => Promise<void>> {
    return lock(`hookstep ${this.location}`, this.location)
  }

  within(name: string): Folders {
    return new OpfsFolders([...this.path, name])
  }

  async list(): Promise<ReadonlyMap<string, boolean>> {
    const names = new Map<string, boolean>()
    for await (const [name, entry] of entriesOf(await this.folder())) {
      if (isFolder(entry)) names.set(name, await hasManifest(entry))
    }
    return names
  }

  async files(name: string): Promise<Sizes> {
    const sizes: [string, number][] = []
    for await (const [file, entry] of entriesOf(await this.folder(name))) {
      if (isFolder(entry)) continue
      // What a tab that closes was writing may vanish between the listing and the look.
      const content = await unlessMissing(entry.getFile())
      if (content !== undefined) sizes.push([file, content.size])
    }
    return Object.fromEntries(sizes)
  }

  write(name: string, file: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    return withRoom(this.location, async () => {
      const folder = await this.makeFolder(name)
      const handle: OpfsFile = await folder.getFileHandle(file, { create: true })
      const hash = new FileHash()
      const out = await whenFree(`${this.location}/${name}/${file}`, () => openForWriting(handle, file))
      try {
        for (const chunk of chunksOf(parts, chunkBytes)) {
          await out.write(chunk)
          await hash.add(chunk)
        }
      } catch (error) {
        // The first error says more than one of giving up.
        await out.abort().catch(() => {})
        throw error
      }
      await out.close()
      return hash.entry()
    })
  }

  async read(name: string, file: string, into: readonly Uint8Array[]): Promise<FileEntry> {
    const folder = await this.folder(name)
    if (folder === undefined) throw new Error(`${this.location}/${name} was removed meanwhile`)
    const content = await (await folder.getFileHandle(file)).getFile()
    const [hash, filling] = [new FileHash(), new PartsFilling(into)]
    for (let at = 0; at < content.size; at += chunkBytes) {
      const chunk = new Uint8Array(await content.slice(at, at + chunkBytes).arrayBuffer())
      filling.add(chunk)
      await hash.add(chunk)
    }
    return hash.entry()
  }

  async remove(name: string, files: readonly string[]): Promise<void> {
    const folder = await this.folder(name)
    if (folder === undefined) return
    for (const file of files) {
      await whenFree(`${this.location}/${name}/${file}`, () => unlessMissing(folder.removeEntry(file)))
    }
    for await (const _ of entriesOf(folder)) return
    await (await this.folder())?.removeEntry(name)
  }

  /** The folder of these folders, or one of them; none where there is none. */
  private async folder(name?: string): Promise<FileSystemDirectoryHandle | undefined> {
    const path = name === undefined ? this.path : [...this.path, name]
    let folder = await root()
    for (const step of path) {
      const inner = await unlessMissing(folder.getDirectoryHandle(step))
      if (inner === undefined) return
      folder = inner
    }
    return folder
  }

  private async makeFolder(name: string): Promise<FileSystemDirectoryHandle> {
    let folder = await root()
    for (const step of [...this.path, name]) {
      folder = await folder.getDirectoryHandle(step, { create: true })
    }
    return folder
  }
}

/** @throws Error where there is no such file system: in an insecure context, and in some private windows. */
export function root(): Promise<FileSystemDirectoryHandle> {
  return navigator.storage.getDirectory()
}

/** A file that takes bytes one behind the other. */
interface Output {
  write(chunk: Uint8Array): Promise<void>
  /** Makes the file hold what was written. */
  close(): Promise<void>
  abort(): Promise<void>
}

/**
 * A Worker writes quickest through a handle of its own. The manifest takes the other way where there is one: a stream
 * changes its file when it is closed, at once.
 */
async function openForWriting(handle: OpfsFile, file: string): Promise<Output> {
  const hasStream = typeof handle.createWritable === 'function'
  const isStreamed = handle.createSyncAccessHandle === undefined || (file === fileNames.manifest && hasStream)
  return isStreamed ? streamOutput(handle) : handleOutput(handle)
}

async function streamOutput(handle: OpfsFile): Promise<Output> {
  const stream = await handle.createWritable()
  return {
    write: (chunk) => stream.write(chunk as Uint8Array<ArrayBuffer>),
    close: () => stream.close(),
    abort: () => stream.abort(),
  }
}

async function handleOutput(handle: OpfsFile): Promise<Output> {
  const access = await handle.createSyncAccessHandle?.()
  if (access === undefined) throw new Error(`${handle.name} cannot be written in this browser`)
  let at = 0
  return {
    async write(chunk) {
      const written = access.write(chunk, { at })
      if (written < chunk.length) throw new DOMException('the file takes no more bytes', 'QuotaExceededError')
      at += written
    },
    async close() {
      access.flush()
      access.close()
    },
    abort: async () => access.close(),
  }
}

async function hasManifest(folder: FileSystemDirectoryHandle): Promise<boolean> {
  const manifest = await unlessMissing(folder.getFileHandle(fileNames.manifest))
  return manifest !== undefined && (await manifest.getFile()).size > 0
}

async function* entriesOf(folder: FileSystemDirectoryHandle | undefined): AsyncGenerator<[string, Entry]> {
  if (folder) yield* folder.entries()
}

type Entry = FileSystemDirectoryHandle | FileSystemFileHandle

function isFolder(entry: Entry): entry is FileSystemDirectoryHandle {
  return entry.kind === 'directory'
}

async function unlessMissing<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return
    throw error
  }
}
