import { execFileSync } from 'node:child_process'
import { open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished, type TestContext } from 'vitest'
import { temporaryFolder } from './processes.ts'

/** A real file system of its own, in memory, that is gone after the test. */
export interface FileSystem {
  readonly path: string
  readonly pageBytes: number
  /** Leaves so many pages free: every file takes at least one. */
  fillTo(pages: number): Promise<void>
  empty(): Promise<void>
  remount(access: 'ro' | 'rw'): void
}

/** Skips the test, and says so, where this process may not mount one. */
export async function mounted(kilobytes: number, context: TestContext): Promise<FileSystem> {
  const path = await temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', path], { stdio: 'pipe' })
  } catch (error) {
    console.error(`NOT TESTED: ${context.task.name}: no file system can be mounted here: ${error}`)
    return context.skip('mounting takes root on Linux')
  }
  // Lazily: it is gone once nobody has a file open.
  onTestFinished(() => void execFileSync('umount', ['-l', path]))
  const filler = join(path, '.filler')
  const { bsize: pageBytes } = await statfs(path)
  return {
    path,
    pageBytes,
    async fillTo(pages) {
      const file = await open(filler, 'a')
      const { bavail } = await statfs(path)
      await file.write(Buffer.alloc(Math.max(bavail - pages, 0) * pageBytes))
      await file.close()
    },
    empty: () => rm(filler, { force: true }),
    remount: (access) => void execFileSync('mount', ['-o', `remount,${access}`, path], { stdio: 'pipe' }),
  }
}
