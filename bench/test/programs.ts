import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** How a program ended, and what it printed. */
export interface Ended {
  readonly exitCode: number
  readonly lines: readonly string[]
  readonly errors: string
}

export type Run = (name: string, flags: readonly string[], env?: Record<string, string>) => Promise<Ended>

/** Builds programs with the sources of our packages, so that nothing need be built before; returns what runs one by name. */
export async function buildPrograms(folder: string, sources: readonly URL[]): Promise<Run> {
  // Within node_modules, where the peers are found and git does not look.
  const outdir = `${root}node_modules/.built/${folder}`
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  await build({
    entryPoints: sources.map((source) => fileURLToPath(source)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    target: 'node20',
    conditions: ['hookstep:source'],
    external: Object.keys(dependencies).filter((name) => !name.startsWith('@hookstep/')),
  })
  return (name, flags, env = {}) =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, ...env } }
      execFile(process.execPath, [`${outdir}/${name}.mjs`, ...flags], options, (error, stdout, errors) => {
        const exitCode = error === null ? 0 : Number(error.code)
        resolve({ exitCode, lines: stdout.trimEnd().split('\n'), errors })
      })
    })
}
