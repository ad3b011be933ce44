import { readdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Run } from '@hookstep/catalogue'
import { GrowingFile } from '../growing-file.ts'
import { makeFolder } from '../numbered-file.ts'

/** Where the event files of a run lie. */
export interface EventFolder {
  readonly path: string
  /** 1 is the folder that was named, 2 is `…-2`, and so on. */
  readonly number: number
  /** Whether it is the folder of the run that goes on. */
  readonly isResumed: boolean
}

const eventFile = /^events\.out\.tfevents\.(\d+)\./

/** What a run was known by when a checkpoint was taken. */
interface SavedFolder {
  readonly number: number
  /** The name of its first file. */
  readonly first: string
}

/** Folders that a run of this process looks at, or is about to begin its file in. */
const claimed = new Set<string>()

/** Begins an event file: in the folder of the run that goes on, or in the first of that name in which no run is. */
export async function createEventFileFor(
  run: Run,
  path: string,
  saved: SavedFolder | null,
): Promise<{ folder: EventFolder; file: GrowingFile }> {
  const folder = await folderFor(run, path, saved)
  try {
    return { folder, file: await createEventFile(folder.path) }
  } finally {
    claimed.delete(folder.path)
  }
}

async function folderFor(run: Run, path: string, saved: SavedFolder | null): Promise<EventFolder> {
  if (saved !== null) {
    const its = numbered(path, saved.number)
    if ((await eventFilesIn(its)).includes(saved.first))
      return { path: its, number: saved.number, isResumed: true }
  }
  const free = await firstFree(path)
  if (saved !== null) {
    run.warn(
      `the event files of the run that goes on are not in ${path}; those in ${free.path} begin at this step`,
    )
  } else if (free.number > 1) {
    run.warn(`there is a run in ${path} already, which is kept; this one is written to ${free.path}`)
  }
  return free
}

/** Claimed before it is looked at: whoever comes later finds the file, or the claim. */
async function firstFree(path: string): Promise<EventFolder> {
  for (let number = 1; ; number++) {
    const candidate = numbered(path, number)
    if (claimed.has(candidate)) continue
    claimed.add(candidate)
    if ((await eventFilesIn(candidate)).length === 0) return { path: candidate, number, isResumed: false }
    claimed.delete(candidate)
  }
}

/** Readers take files in the order of their names: it comes behind those that are there. */
async function createEventFile(folder: string): Promise<GrowingFile> {
  await makeFolder(folder)
  const others = (await eventFilesIn(folder)).map((name) => Number(eventFile.exec(name)?.[1]))
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...others.map((second) => second + 1))
  return GrowingFile.create(join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`))
}

async function eventFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => eventFile.test(name))
}

function numbered(path: string, number: number): string {
  return number === 1 ? path : `${path.replace(/[/\\]+$/, '')}-${number}`
}
