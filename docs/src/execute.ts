import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'esbuild'
import { sourceOfEntries } from './compile.ts'
import type { BlockModule } from './modules.ts'

/**
 * Runs a module of a folder in a process of its own, against the sources of our packages.
 *
 * @returns what it printed.
 */
export async function execute(folder: string, { path }: BlockModule): Promise<string> {
  const outfile = join(folder, path.replace(/\.[jt]s$/, '.bundle.mjs'))
  await build({
    entryPoints: [join(folder, path)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    alias: Object.fromEntries(sourceOfEntries()),
    logLevel: 'silent',
  })
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [outfile], { cwd: folder }, (error, output) =>
      error === null ? resolve(output.trim()) : reject(error),
    )
  })
}
