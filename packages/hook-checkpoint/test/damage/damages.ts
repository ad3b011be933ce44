import { execFileSync } from 'node:child_process'
import { cp, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '@hookstep/trainer'
import { before, contentsOf, newest } from './place.ts'

/** Something that happens to the checkpoints in a folder. */
export interface Damage {
  readonly what: string
  /** Does it to the folder of that path. */
  apply(path: string): Promise<unknown>
  /** The checkpoints that are refused then. Default: the newest. */
  readonly refused?: readonly string[]
  /** The step of the one that a run goes on from. Default: that of the one before the newest. */
  readonly from?: number
}

/** What is wrong with names and folders, each once. `files`: those of the newest. */
export function structuralDamages(files: readonly string[]): Damage[] {
  return [
    ...files.flatMap(oddFiles),
    ...files.map((file) => damage(`${file} is missing`, (path) => rm(join(path, newest, file)))),
    ...['notes.txt', 'model.json', 'state.json.bak'].map((file) =>
      damage(`${file} is one too many`, (path) => writeFile(join(path, newest, file), '{}')),
    ),
    damage('only the manifest is left', (path) =>
      eachOf(files, (file) => (file === 'manifest.json' ? undefined : rm(join(path, newest, file)))),
    ),
    ...swappedFiles(files),
    ...movedFolders(),
  ]
}

function damage(what: string, apply: Damage['apply'], rest: Partial<Damage> = {}): Damage {
  return { what, apply, ...rest }
}

/** Something else of a file's name. */
function oddFiles(file: string): Damage[] {
  const replacing = (what: string, by: (target: string, path: string) => unknown): Damage =>
    damage(`${file} is ${what}`, async (path) => {
      const target = join(path, newest, file)
      await rename(target, join(path, 'original'))
      await by(target, path)
    })
  return [
    replacing('a folder', (target) => mkdir(target)),
    replacing('a link to the file itself, elsewhere', (target, path) =>
      symlink(join(path, 'original'), target),
    ),
    replacing('a link to a device without end', (target) => symlink('/dev/zero', target)),
    replacing('a link to itself', (target) => symlink(target, target)),
    replacing('a link to nothing', (target) => symlink('nothing', target)),
    replacing('a pipe that nobody writes to', (target) => execFileSync('mkfifo', [target])),
    replacing('empty', (target) => writeFile(target, '')),
    replacing('a terabyte of nothing', async (target) => {
      await writeFile(target, '')
      await truncate(target, 2 ** 40)
    }),
    damage(`${file} is longer by a byte`, (path) => writeFile(join(path, newest, file), '\0', { flag: 'a' })),
    damage(`${file} is all zeros`, async (path) => {
      const { length } = (await contentsOf(join(path, newest))).get(file) as Buffer
      await writeFile(join(path, newest, file), Buffer.alloc(length))
    }),
  ]
}

function swappedFiles(files: readonly string[]): Damage[] {
  const common = files.filter((file) => file !== 'accumulated.safetensors')
  const both = [newest, before].sort()
  return [
    ...common.map((file) =>
      damage(`${file} is that of the checkpoint before`, (path) =>
        cp(join(path, before, file), join(path, newest, file)),
      ),
    ),
    ...common.map((file) =>
      damage(
        `${file} has changed places with that of the checkpoint before`,
        (path) => exchange(join(path, before, file), join(path, newest, file)),
        { refused: both, from: 4 },
      ),
    ),
    ...files.flatMap((one, index) =>
      files
        .slice(index + 1)
        .map((other) =>
          damage(`${one} and ${other} have changed places`, (path) =>
            exchange(join(path, newest, one), join(path, newest, other)),
          ),
        ),
    ),
  ]
}

function movedFolders(): Damage[] {
  const later = 'step-00000011'
  const at = (path: string, name: string): string => join(path, name)
  return [
    damage('renamed', (path) => rename(at(path, newest), at(path, later)), { refused: [later] }),
    damage(
      'copied under another name',
      (path) => cp(at(path, newest), at(path, later), { recursive: true }),
      {
        refused: [later],
        from: 9,
      },
    ),
    damage('changed places with the one before', (path) => exchange(at(path, newest), at(path, before)), {
      refused: [newest, before].sort(),
      from: 4,
    }),
    damage(
      'put in place of the one before',
      async (path) => {
        await rm(at(path, before), { recursive: true })
        await rename(at(path, newest), at(path, before))
      },
      { refused: [before], from: 4 },
    ),
    damage('with the one before inside', (path) => rename(at(path, before), join(path, newest, before)), {
      from: 4,
    }),
    ...passedOver(),
  ]
}

/** What is no checkpoint at all is not told of. */
function passedOver(): Damage[] {
  const without = (what: string, after: (target: string, path: string) => unknown): Damage =>
    damage(
      what,
      async (path) => {
        await rename(join(path, newest), join(path, 'moved'))
        await after(join(path, newest), path)
      },
      { refused: [] },
    )
  return [
    without('moved to a name that is no checkpoint’s', () => {}),
    without('an empty folder', (target) => mkdir(target)),
    without('a file in place of the folder', (target) => writeFile(target, '')),
    without('a link in place of the folder', (target, path) => symlink(join(path, 'moved'), target)),
  ]
}

async function exchange(one: string, other: string): Promise<void> {
  await rename(one, `${one}.away`)
  await rename(other, one)
  await rename(`${one}.away`, other)
}

async function eachOf(files: readonly string[], act: (file: string) => unknown): Promise<void> {
  for (const file of files) await act(file)
}

/** Something that happens to bytes of the newest checkpoint: drawn anew each time. */
export function drawDamage(contents: ReadonlyMap<string, Buffer>, stream: Random): Damage {
  const file = drawn([...contents.keys()], stream)
  const content = contents.get(file) as Buffer
  const kind = drawn(['cut', 'bit', 'bits', 'page', 'twice'] as const, stream)
  const place = stream.below(content.length)
  if (kind === 'cut') return changed(`${file} ends at byte ${place}`, file, content.subarray(0, place))
  if (kind === 'bit')
    return changed(`a bit of byte ${place} of ${file} is flipped`, file, flipped(content, [place], stream))
  if (kind === 'bits') {
    const places = [place, ...Array.from({ length: 8 }, () => stream.below(content.length))]
    return changed(`bits of bytes ${places} of ${file} are flipped`, file, flipped(content, places, stream))
  }
  if (kind === 'page') return changed(`${file} has zeros from byte ${place} on`, file, zeroed(content, place))
  const doubled = Buffer.concat([content, content.subarray(place)])
  return changed(`${file} goes on with what is behind byte ${place}`, file, doubled)
}

function changed(what: string, file: string, content: Buffer): Damage {
  return damage(what, (path) => writeFile(join(path, newest, file), content))
}

function zeroed(content: Buffer, place: number): Buffer {
  const zeros = Buffer.from(content).fill(0, place)
  // Where there were zeros already, something is to be lost all the same.
  return zeros.equals(content) ? content.subarray(0, place) : zeros
}

/** With one bit of each of the bytes changed. */
export function flipped(content: Buffer, places: readonly number[], stream: Random): Buffer {
  const copy = Buffer.from(content)
  for (const place of new Set(places)) copy[place] = (copy[place] as number) ^ (1 << stream.below(8))
  return copy
}

function drawn<Item>(items: readonly Item[], stream: Random): Item {
  return items[stream.below(items.length)] as Item
}
