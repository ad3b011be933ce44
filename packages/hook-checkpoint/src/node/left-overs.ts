import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeftOver, isOfAnotherMachine, isRemoved } from './temporary-names.ts'

/** Whether a process of another machine is alive cannot be seen; no checkpoint takes a day to write. */
const dayMs = 24 * 60 * 60 * 1000

/** Removes what processes that are gone have left in a store's folder. What cannot be removed stays: it is in nobody's way. */
export async function removeLeftOvers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (!(await isInNobodysUse(path, name))) continue
    await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

async function isInNobodysUse(path: string, name: string): Promise<boolean> {
  if (isOfAnotherMachine(name)) return isOld(path)
  return isRemoved(name) || isLeftOver(name)
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > dayMs
}
