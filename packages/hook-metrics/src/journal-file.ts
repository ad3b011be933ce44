import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, open, stat } from 'node:fs/promises'
import { dirname, format, parse } from 'node:path'
import { parseRow } from './journal-format.ts'
import { LineFile } from './line-file.ts'

/** Where in which journal a checkpoint was taken. */
export type JournalPosition = {
  /** The run that the journal belongs to. */
  readonly run: string
  /** Which of the files: 1 is the one that was named, 2 is `…-2`, and so on. */
  readonly number: number
  readonly bytes: number
}

/** A journal that is being written. */
export class JournalFile {
  readonly run: string
  readonly number: number
  readonly lines: LineFile

  private constructor(run: string, number: number, lines: LineFile) {
    this.run = run
    this.number = number
    this.lines = lines
  }

  /** Begins the file of that name or, where there is one already, of the first number that is free. */
  static async create(path: string, run: string = randomUUID()): Promise<JournalFile> {
    for (let number = 1; ; number++) {
      const candidate = numbered(path, number)
      try {
        return new JournalFile(run, number, await LineFile.create(candidate))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(candidate, cause)
      }
    }
  }

  /** Opens a run's journal at a position and drops what comes after it; `undefined` where it is not there. */
  static async reopen(
    path: string,
    { run, number, bytes }: JournalPosition,
  ): Promise<JournalFile | undefined> {
    const candidate = numbered(path, number)
    const holdsIt = (await lengthOf(candidate)) >= bytes && (await runOf(candidate)) === run
    if (!holdsIt) return undefined
    try {
      return new JournalFile(run, number, await LineFile.goOn(candidate, bytes))
    } catch (cause) {
      throw unwritable(candidate, cause)
    }
  }

  /** The end of what has been appended. */
  get position(): JournalPosition {
    const { run, number, lines } = this
    return { run, number, bytes: lines.bytes }
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
async function makeFolder(folder: string): Promise<void> {
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

/** The run that a file's first row names. */
async function runOf(path: string): Promise<string | undefined> {
  const file = await open(path)
  try {
    for await (const line of file.readLines({ autoClose: false })) {
      const row = parseRow(line)
      return row?.type === 'start' ? row.run : undefined
    }
    return undefined
  } finally {
    await file.close()
  }
}

function unwritable(path: string, cause: unknown): Error {
  const { message } = cause as Error
  return new Error(`${path} cannot be written: ${message}; name a file in a folder that can be`, { cause })
}
