import { writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AppendedFile, RunFolder } from '../run-folder.ts'

/** A folder of the file system. It is made when the first file is. */
export function diskFolder(location: string): RunFolder {
  const at = (path: string): string => join(location, path)
  return {
    location,
    size: async (path) => (await unlessMissing(stat(at(path))))?.size,
    read: (path, position, length) => withFile(at(path), 'r', (file) => readFrom(file, position, length)),
    async write(path, bytes) {
      await mkdir(dirname(at(path)), { recursive: true })
      await replace(at(path), bytes)
    },
    async append(path, bytes) {
      await mkdir(dirname(at(path)), { recursive: true })
      return appending(at(path), bytes)
    },
  }
}

async function readFrom(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  for (;;) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled)
    filled += bytesRead
    if (bytesRead === 0 || filled === length) return bytes.subarray(0, filled)
  }
}

/** Under another name first: whoever reads meanwhile, or after a crash, finds the old file or the new one. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}.new`
  try {
    await withFile(fresh, 'w', async (file) => {
      await file.writeFile(bytes)
      await file.datasync()
    })
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/**
 * What is written has left the process when `write` returns, so that even SIGKILL loses none of it: to the
 * system's cache, which takes 2 microseconds. By way of the event loop it would take five times as long, and wait for
 * its turn, which a training may not leave it for many steps.
 */
async function appending(path: string, bytes: number): Promise<AppendedFile> {
  await (await open(path, 'a')).close()
  const handle = await open(path, 'r+')
  let length = bytes
  await handle.truncate(length)
  return {
    async write(more) {
      // At the end that counts: what a write that failed has left is overwritten.
      for (let done = 0; done < more.length; ) {
        done += writeSync(handle.fd, more, done, more.length - done, length + done)
      }
      length += more.length
    },
    hurry() {},
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}

async function withFile<Result>(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const file = await open(path, flags)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

async function unlessMissing<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
}
