import type { Platform } from '../platform.ts'
import type { StartUpload } from '../uploader.ts'
import { root } from './file-system.ts'
import { opfsFolder } from './opfs-folder.ts'

/** A browser: folders of the origin-private file system; settings are options alone. */
export function browserPlatform(startUpload: StartUpload): Platform {
  return {
    surroundings: async () => ({ environment: {} }),
    host: undefined,
    folder: (dir = '', path) => opfsFolder(`${dir}/${path}`),
    async prepare() {
      await root()
    },
    metadata: () => ({
      os: navigator.userAgent,
      program: location.href,
      startedAt: new Date().toISOString(),
    }),
    startUpload,
    howToSync: () => 'call sync of @hookstep/hook-wandb/browser',
    print: (line) => console.info(line),
  }
}
