import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkName } from '../names.ts'
import type { CheckpointWriter, FileEntry } from '../store.ts'
import { StrictWriter } from '../strict-writer.ts'
import { explained, explaining, hasCode } from './file-errors.ts'
import { makeFolder, syncFolder } from './folders.ts'
import { temporaryName } from './temporary-names.ts'
import type { WritingThreads } from './writing-threads.ts'

/** @throws Error where the folder has been another run's meanwhile. */
export type CheckHeld = () => void | Promise<void>

/** Begins a checkpoint in a store's folder. @throws Error when the name is taken or the folder cannot be written. */
export async function createFolder(
  location: string,
  name: string,
  threads: WritingThreads,
  checkHeld: CheckHeld,
): Promise<CheckpointWriter> {
  checkName(name)
  return explaining(location, `${name} cannot be saved`, async () => {
    await makeFolder(location)
    await checkFree(location, name)
    const temporary = join(location, await temporaryName(name))
    await mkdir(temporary)
    return new StrictWriter(
      join(location, name),
      new FolderWriter(location, name, temporary, threads, checkHeld),
    )
  })
}

/** Writes into a folder with a temporary name, which gets its own with the commit. */
class FolderWriter implements CheckpointWriter {
  private readonly location: string
  private readonly name: string
  private readonly temporary: string
  private readonly threads: WritingThreads
  private readonly checkHeld: CheckHeld

  constructor(
    location: string,
    name: string,
    temporary: string,
    threads: WritingThreads,
    checkHeld: CheckHeld,
  ) {
    this.location = location
    this.name = name
    this.temporary = temporary
    this.threads = threads
    this.checkHeld = checkHeld
  }

  async write(file: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    try {
      return await this.threads.write(join(this.temporary, file), parts)
    } catch (cause) {
      throw this.failure(cause)
    }
  }

  async commit(): Promise<void> {
    try {
      await syncFolder(this.temporary)
      await this.checkHeld()
      await checkFree(this.location, this.name)
      await rename(this.temporary, join(this.location, this.name))
      await syncFolder(this.location)
    } catch (cause) {
      await this.clear().catch(() => {})
      throw this.failure(cause)
    }
  }

  async discard(): Promise<void> {
    await explaining(this.location, `what was saved of ${this.name} cannot be removed`, () => this.clear())
  }

  private async clear(): Promise<void> {
    await rm(this.temporary, { recursive: true, force: true })
  }

  private failure(cause: unknown): Error {
    return explained(this.location, `${this.name} cannot be saved`, cause)
  }
}

async function checkFree(location: string, name: string): Promise<void> {
  const found = await lstat(join(location, name)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (found !== undefined) throw new Error('the name is taken')
}
