import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileNames } from '../file-names.ts'
import { readManifest } from '../listing.ts'
import { manifestText, sealed } from '../manifest.ts'
import { syncFolder } from '../node/folders.ts'
import { temporaryName } from '../node/temporary-names.ts'
import { type Found, find } from './places.ts'
import type { Call, Subcommand } from './subcommand.ts'

export const pin: Subcommand = {
  takes: 'NAME…',
  about: 'keeps checkpoints for good: retention leaves them alone',
  names: [1, Infinity],
  flags: [],
  run: (call) => setPinned(call, true),
}

export const unpin: Subcommand = {
  takes: 'NAME…',
  about: 'leaves checkpoints to retention again',
  names: [1, Infinity],
  flags: [],
  run: (call) => setPinned(call, false),
}

async function setPinned({ folder, names, print }: Call, pinned: boolean): Promise<boolean> {
  const found = await Promise.all(names.map((name) => find(folder, name)))
  for (const checkpoint of found) {
    await rewrite(checkpoint, pinned)
    print(`${checkpoint.label} ${pinned ? 'is pinned' : 'is left to retention'}`)
  }
  return true
}

/** The manifest is replaced as a whole: a crash leaves the one or the other. */
async function rewrite({ store, name }: Found, pinned: boolean): Promise<void> {
  const { sha256, ...manifest } = await readManifest(store, name)
  const folder = join(store.location, name)
  // Beside the checkpoint: within it, a file that is left would be one too many.
  const temporary = join(store.location, await temporaryName(name))
  const file = await open(temporary, 'wx')
  try {
    await file.writeFile(manifestText(sealed({ ...manifest, pinned })))
    await file.sync()
    await file.close()
    await rename(temporary, join(folder, fileNames.manifest))
    await syncFolder(folder)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
}
