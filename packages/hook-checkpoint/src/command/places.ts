import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { listCheckpoints } from '../listing.ts'
import { checkpointName } from '../manifest.ts'
import { nearestNames } from '../nearest-names.ts'
import { folder as folderStore } from '../node/folder.ts'
import type { CheckpointStore } from '../store.ts'
import { UsageError } from './subcommand.ts'

/** A checkpoint that somebody named. */
export interface Found {
  readonly store: CheckpointStore
  readonly name: string
  /** As it was called. */
  readonly label: string
}

/** A store that a folder has: the folder itself, or that of a rank. */
export interface Place {
  readonly store: CheckpointStore
  /** What stands before the names in it: nothing, or such as `rank-0/`. */
  readonly prefix: string
}

/** @throws UsageError when there is no such folder. */
export async function placesIn(folder: string): Promise<readonly Place[]> {
  const entries = await readdir(folder).catch(() => {
    throw new UsageError(`there is no folder ${folder}: name one with --folder`)
  })
  const store = folderStore(folder)
  const ranks = entries.filter((name) => /^rank-\d+$/.test(name)).sort(byRank)
  return [{ store, prefix: '' }, ...ranks.map((rank) => ({ store: store.within(rank), prefix: `${rank}/` }))]
}

function byRank(one: string, other: string): number {
  return Number(one.slice('rank-'.length)) - Number(other.slice('rank-'.length))
}

/**
 * The checkpoint of a name, or at a path.
 *
 * @throws UsageError when there is none, naming those that look like it.
 */
export async function find(folder: string, label: string): Promise<Found> {
  for (const path of [join(folder, label), label]) {
    if (await isFolder(path))
      return { store: folderStore(dirname(path)), name: basename(resolve(path)), label }
  }
  const near = nearestNames(label, await allNames(folder))
  const remedy = near.length > 0 ? `the names most like it are ${near.join(', ')}` : 'there are none at all'
  throw new UsageError(`${folder} has no checkpoint ${label}; ${remedy}`)
}

/** The newest one; of several ranks that of the first. @throws UsageError when there is none. */
export async function newest(folder: string): Promise<Found> {
  for (const { store, prefix } of await placesIn(folder)) {
    const [manifest] = (await listCheckpoints(store)).manifests
    if (manifest !== undefined) return { store, name: manifest.name, label: `${prefix}${manifest.name}` }
  }
  throw new UsageError(`${folder} has no checkpoint`)
}

/** All that have the name of a checkpoint. */
export async function all(folder: string): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const { store, prefix } of await placesIn(folder)) {
    for (const name of (await store.list()).toSorted()) {
      if (checkpointName.test(name)) found.push({ store, name, label: `${prefix}${name}` })
    }
  }
  return found
}

async function allNames(folder: string): Promise<readonly string[]> {
  return (await all(folder)).map(({ label }) => label)
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
