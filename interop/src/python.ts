import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** A Python that has what the checks read with. */
export interface Python {
  /** The interpreter. */
  readonly executable: string
  /** Runs one of our scripts, and returns what it prints. */
  run(script: string, args: readonly string[]): Promise<string>
}

/** There is no Python here, or PyPI cannot be reached. */
export class Unavailable extends Error {}

/**
 * Makes a virtual environment with the pinned packages, once; where git does not look.
 *
 * @param what names another list of packages, which are too many for everybody: `requirements-<what>.txt`.
 * @throws Unavailable where that cannot be done.
 */
export async function preparePython(what?: 'mlflow'): Promise<Python> {
  const suffix = what === undefined ? '' : `-${what}`
  const environment = `${root}node_modules/.python${suffix}`
  const executable = `${environment}/bin/python`
  if (!existsSync(executable)) await attempt('python3', ['-m', 'venv', environment])
  const requirements = `${root}python/requirements${suffix}.txt`
  await attempt(executable, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements])
  return {
    executable,
    run: async (script, args) => {
      const { stdout } = await execute(executable, [`${root}python/${script}`, ...args], {
        maxBuffer: 1 << 28,
      })
      return stdout
    },
  }
}

async function attempt(command: string, args: readonly string[]): Promise<void> {
  try {
    await execute(command, args)
  } catch (cause) {
    const { message } = cause as Error
    throw new Unavailable(`${command} ${args.join(' ')} failed: ${message}`, { cause })
  }
}
