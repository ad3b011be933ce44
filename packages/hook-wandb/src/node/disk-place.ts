import { access, constants, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { logsFolder } from '../run-names.ts'

/** The absolute folder of a path with slashes. */
export function pathFrom(dir: string | undefined, path: string): string {
  return join(resolve(dir ?? '.'), ...path.split('/'))
}

/**
 * Makes the folder where logs lie. A disk that is full may have room later: that is no error.
 *
 * @throws Error naming the folder and the remedy.
 */
export async function preparePlace(dir: string | undefined): Promise<void> {
  const folder = pathFrom(dir, logsFolder)
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') return
    throw new Error(`${folder} cannot be written: ${message}; name another folder with dir or WANDB_DIR`, {
      cause,
    })
  }
}
