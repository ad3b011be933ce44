import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { build, type Plugin } from 'esbuild'

const root = new URL('..', import.meta.url).pathname
/** Within node_modules, where git does not look. */
const folder = `${root}node_modules/.digits`

/** Other people's packages are loaded as they are, from where the importing package finds them. */
const asInstalled: Plugin = {
  name: 'as-installed',
  setup({ onResolve }) {
    onResolve({ filter: /^(@tensorflow\/|leven$)/ }, ({ path, resolveDir }) => ({
      path: createRequire(`${resolveDir}/`).resolve(path),
      external: true,
    }))
  },
}

/** Builds the app with the sources of our packages, so that nothing need be built before. */
export async function buildApp(): Promise<void> {
  await build({
    entryPoints: [`${root}src/main.ts`],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['hookstep:source'],
    plugins: [asInstalled],
  })
}

/** Starts the app as a user does, with flags and with what the environment has besides. */
export function start(...args: (string | NodeJS.ProcessEnv)[]): Running {
  const flags = args.filter((arg) => typeof arg === 'string')
  const more = args.filter((arg) => typeof arg === 'object')
  const env = Object.assign({ ...process.env, CI: '1' }, ...more) as NodeJS.ProcessEnv
  return new Running(spawn(process.execPath, [`${folder}/main.mjs`, ...flags], { env }))
}

/** The app in a process of its own. */
export class Running {
  readonly process: ChildProcess
  /** Ends with all that was printed, and the exit code. */
  readonly ended: Promise<Ended>
  private stdout = ''
  private stderr = ''

  constructor(process: ChildProcess) {
    this.process = process
    process.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    process.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.ended = once(process, 'close').then(([exitCode]) => ({
      exitCode,
      stdout: this.stdout,
      stderr: this.stderr,
    }))
  }

  get printedSoFar(): string {
    return this.stdout
  }

  /** Waits until something has been printed. */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.stdout.includes(text)) resolve()
      }
      this.process.stdout?.on('data', look)
      void this.ended.then(({ stderr }) => reject(new Error(`ended without printing "${text}": ${stderr}`)))
      look()
    })
  }
}

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
