import { answerOf } from './idb-requests.ts'

/** Raised when what the database holds changes its shape. */
const version = 1

export type Table = 'files' | 'chunks'

/** Those that are open, by name. */
const open = new Map<string, Promise<IDBDatabase>>()

/**
 * The database of a store. `files` has a file's size under [path, folder, file]; `chunks` has its bytes under
 * [path, folder, file, number]. It is opened once and stays open, until the page goes or the browser takes it.
 */
export function database(name: string): Promise<IDBDatabase> {
  const there = open.get(name)
  if (there !== undefined) return there
  const opening = openDatabase(name)
  open.set(name, opening)
  opening.catch(() => open.delete(name))
  return opening
}

async function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  request.onupgradeneeded = () => {
    for (const table of ['files', 'chunks']) request.result.createObjectStore(table)
  }
  const opened = await answerOf(request)
  const forget = (): void => {
    open.delete(name)
  }
  opened.onclose = forget
  opened.onversionchange = () => {
    forget()
    opened.close()
  }
  return opened
}
