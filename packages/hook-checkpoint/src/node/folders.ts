import { closeSync, fsync, openSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
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

const synced = promisify(fsync)

/** Makes durable which files are in a folder, and under which names. Only the disk is waited for. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = openSync(folder, 'r')
    await synced(handle).finally(() => closeSync(handle))
  } catch (error) {
    // Windows and some network file systems cannot, or need not, sync a folder; a folder above may not be ours to read.
    if (!hasCode(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
