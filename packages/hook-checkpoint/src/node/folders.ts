import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from './file-errors.ts'

/**
 * Makes a folder and those above it, durably, one at a time: Node's own `recursive` never returns where a file system
 * says of a folder's existing parent that it is not there, as `/proc` does.
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return
  if (dirname(folder) !== folder) await makeFolder(dirname(folder))
  try {
    await mkdir(folder)
  } catch (error) {
    // Another process may have been quicker.
    if (!(await isFolder(folder))) throw error
  }
  await syncFolder(dirname(folder))
}

/** Makes durable which files are in a folder, and under which names. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    await handle.sync().finally(() => handle.close())
  } catch (error) {
    // Windows and some network file systems cannot, or need not, sync a folder; a folder above may not be ours to read.
    if (!hasCode(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
