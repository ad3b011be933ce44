import { FileHash } from '../file-hash.ts'
import { fileNames } from '../file-names.ts'
import type { Folders, Sizes } from '../manifest-last.ts'
import { chunksOf, PartsFilling } from '../parts.ts'
import type { FileEntry } from '../store.ts'
import { database, type Table } from './idb-database.ts'
import { answerOf, committed } from './idb-requests.ts'
import { lock } from './lock.ts'
import { withRoom } from './room.ts'

/** What one record holds: copied while the page waits, so not much. */
const chunkBytes = 1024 * 1024

type Tables = Readonly<Record<Table, IDBObjectStore>>

/** Folders of files in an IndexedDB database, in chunks. */
export class IdbFolders implements Folders {
  readonly location: string
  private readonly database: string
  /** Of these folders, in the database. */
  private readonly path: string

  constructor(name: string, path = '') {
    this.database = name
    this.path = path
    this.location = `indexeddb:${name}${path}`
  }

  lock(): Promise<() => Promise<void>> {
    return lock(`hookstep ${this.location}`, this.location)
  }

  within(name: string): Folders {
    return new IdbFolders(this.database, `${this.path}/${name}`)
  }

  async list(): Promise<ReadonlyMap<string, boolean>> {
    const names = new Map<string, boolean>()
    for (const [folder, file] of await this.keys()) {
      names.set(folder, names.get(folder) === true || file === fileNames.manifest)
    }
    return names
  }

  async files(folder: string): Promise<Sizes> {
    const { files } = await this.tables('readonly')
    const range = under(this.path, folder)
    const [keys, sizes] = await Promise.all([
      answerOf(files.getAllKeys(range)),
      answerOf(files.getAll(range)),
    ])
    return Object.fromEntries(keys.map((key, i) => [(key as string[])[2], sizes[i]]))
  }

  /** Its size comes first, so that what an interrupted write leaves can be found; a manifest's comes last. */
  write(folder: string, file: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    return withRoom(this.location, async () => {
      const hash = new FileHash()
      if (file !== fileNames.manifest) await this.put('files', [folder, file], 0)
      let count = 0
      for (const chunk of chunksOf(parts, chunkBytes)) {
        await this.put('chunks', [folder, file, count++], chunk.slice())
        await hash.add(chunk)
      }
      const entry = hash.entry()
      await this.put('files', [folder, file], entry.bytes)
      return entry
    })
  }

  async read(folder: string, file: string, into: readonly Uint8Array[]): Promise<FileEntry> {
    const [hash, filling] = [new FileHash(), new PartsFilling(into)]
    for (let count = 0; ; count++) {
      const { chunks } = await this.tables('readonly')
      const chunk: Uint8Array | undefined = await answerOf(chunks.get([this.path, folder, file, count]))
      if (chunk === undefined) return hash.entry()
      filling.add(chunk)
      await hash.add(chunk)
    }
  }

  async remove(folder: string, files: readonly string[]): Promise<void> {
    const tables = await this.tables('readwrite')
    for (const file of files) {
      tables.files.delete([this.path, folder, file])
      tables.chunks.delete(under(this.path, folder, file))
    }
    await committed(tables.files.transaction)
  }

  /** The folder and the file of each. */
  private async keys(): Promise<[string, string][]> {
    const { files } = await this.tables('readonly')
    const keys = await answerOf(files.getAllKeys(under(this.path)))
    return (keys as string[][]).map(([, folder = '', file = '']) => [folder, file])
  }

  private async put(table: Table, key: readonly (string | number)[], value: unknown): Promise<void> {
    const tables = await this.tables('readwrite')
    tables[table].put(value, [this.path, ...key])
    await committed(tables[table].transaction)
  }

  private async tables(mode: IDBTransactionMode): Promise<Tables> {
    const opened = await database(this.database)
    const transaction = opened.transaction(['files', 'chunks'], mode, { durability: 'strict' })
    return { files: transaction.objectStore('files'), chunks: transaction.objectStore('chunks') }
  }
}

/** Every key that begins so. Behind all strings and numbers come lists. */
function under(...start: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound([...start], [...start, []])
}
