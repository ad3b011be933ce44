import { access, constants, mkdir, stat } from 'node:fs/promises'
import { dirname, format, parse } from 'node:path'
import type { Run } from '@hookstep/catalogue'
import { GrowingFile } from './growing-file.ts'

/** Where in which file a checkpoint was taken. */
export type FilePosition = {
  /** Which of the files: 1 is the one that was named, 2 is `…-2`, and so on. */
  readonly number: number
  readonly bytes: number
}

/** What a run writes to a file, for that file and for what is said about it. */
export interface Destination<Position extends FilePosition> {
  /** What it is: `journal`. */
  readonly what: string
  readonly path: string
  /** Where the run was that goes on. */
  readonly saved: Position | null
  /** Whether the file at a path is the one in which that position is; asked where it is long enough. */
  holds(path: string, saved: Position): Promise<boolean>
}

/** The file that a run writes. */
export interface NumberedFile {
  readonly number: number
  readonly file: GrowingFile
  /** Whether it is the file of the run that goes on. */
  readonly isResumed: boolean
}

/** The file of the run that goes on, without what came after the checkpoint; or a new one. */
export async function fileFor<Position extends FilePosition>(
  run: Run,
  destination: Destination<Position>,
): Promise<NumberedFile> {
  const { what, path, saved } = destination
  const resumed = saved === null ? undefined : await reopen(destination, saved)
  if (resumed !== undefined) return resumed
  const created = await create(path)
  if (saved !== null) {
    run.warn(
      `the ${what} of the run that goes on is not at ${path}; ${created.file.path} begins at this step`,
    )
  } else if (created.number > 1) {
    run.warn(`${path} is there already and is kept; this run is written to ${created.file.path}`)
  }
  return created
}

/** Begins the file of that name or, where there is one already, of the first number that is free. */
async function create(path: string): Promise<NumberedFile> {
  for (let number = 1; ; number++) {
    const candidate = numbered(path, number)
    try {
      return { number, file: await GrowingFile.create(candidate), isResumed: false }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(candidate, cause)
    }
  }
}

/** Opens a run's file at a position and drops what comes after it; `undefined` where it is not there. */
async function reopen<Position extends FilePosition>(
  { path, holds }: Destination<Position>,
  saved: Position,
): Promise<NumberedFile | undefined> {
  const { number, bytes } = saved
  const candidate = numbered(path, number)
  if ((await lengthOf(candidate)) < bytes || !(await holds(candidate, saved))) return undefined
  try {
    return { number, file: await GrowingFile.goOn(candidate, bytes), isResumed: true }
  } catch (cause) {
    throw unwritable(candidate, cause)
  }
}

/**
 * Makes the folder of a file, and makes sure that files can be made in it.
 *
 * @throws Error naming the file.
 */
export async function prepareFolder(path: string): Promise<void> {
  const folder = dirname(path)
  try {
    await makeFolder(folder)
    await access(folder, constants.W_OK)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/**
 * Makes a folder and those above it, one at a time: Node's own `recursive` never returns where a file system
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
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

/** The n-th file of a name: `journal.jsonl`, `journal-2.jsonl`. */
function numbered(path: string, number: number): string {
  const { dir, name, ext } = parse(path)
  return number === 1 ? path : format({ dir, name: `${name}-${number}`, ext })
}

/** -1 where there is no file. */
async function lengthOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true ? found.size : -1
}

function unwritable(path: string, cause: unknown): Error {
  const { message } = cause as Error
  return new Error(`${path} cannot be written: ${message}; name a file in a folder that can be`, { cause })
}
