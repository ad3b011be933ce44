import { readFile } from 'node:fs/promises'
import { cpus, homedir, hostname, platform as osName, release } from 'node:os'
import { join, relative } from 'node:path'
import type { Platform } from '../platform.ts'
import type { Surroundings } from '../settings.ts'
import type { StartUpload } from '../uploader.ts'
import { captureConsole, print } from './capture-console.ts'
import { diskFolder } from './disk-folder.ts'
import { pathFrom, preparePlace } from './disk-place.ts'

/** Node: folders of the file system, environment variables, `~/.netrc`. */
export function nodePlatform(startUpload: StartUpload): Platform {
  return {
    surroundings,
    host: hostname(),
    folder: (dir, path) => diskFolder(pathFrom(dir, path)),
    prepare: preparePlace,
    captureConsole,
    metadata,
    startUpload,
    howToSync: (location) => `npx @hookstep/hook-wandb sync ${relative('.', location) || '.'}`,
    print,
  }
}

/** What W&B's settings are taken from besides the options. */
export async function surroundings(): Promise<Surroundings> {
  const { env } = process
  const netrc = await readFile(env.NETRC ?? join(homedir(), '.netrc'), 'utf8').catch(() => undefined)
  return { environment: env, netrc }
}

function metadata(): object {
  return {
    os: `${osName()} ${release()}`,
    host: hostname(),
    runtime: `Node ${process.versions.node}`,
    program: process.argv[1],
    cpu_count: cpus().length,
    startedAt: new Date().toISOString(),
  }
}
