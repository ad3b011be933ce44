/** A place on the disk, and how it is brought to rest. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flags } from '../frame/flags.ts'

const repeats = flags.quick ? 1 : 3

/** A folder that is gone afterwards: in HOOKSTEP_BENCH_FOLDER, else among the temporary ones. */
export async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(process.env.HOOKSTEP_BENCH_FOLDER ?? tmpdir(), 'hookstep-bench-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The least time of several, in milliseconds; the disk has nothing else to write before each. */
export async function leastTime(action: (repeat: number) => Promise<number> | number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let repeat = 0; repeat < repeats; repeat++) {
    settleDisk()
    least = Math.min(least, await action(repeat))
  }
  return least
}

export function settleDisk(): void {
  if (process.platform !== 'win32') execFileSync('sync')
}

/** Makes the system forget what it has in memory of the files in a folder, where it can be told to: Linux. */
export async function dropCache(folder: string): Promise<void> {
  if (process.platform !== 'linux') return
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore',
    })
  }
}
