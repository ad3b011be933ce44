import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
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
    alias: Object.fromEntries(sourceOfEntries()),
    plugins: [installed],
    logLevel: 'silent',
  })
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [outfile], { cwd: folder }, (error, output) =>
      error === null ? resolve(output.trim()) : reject(error),
    )
  })
}

/** Leaves packages that are not ours to Node, each where the importing file finds it. */
const installed: Plugin = {
  name: 'installed',
  setup({ onResolve, resolve }) {
    const ours = sourceOfEntries()
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === installed || path.startsWith('node:') || ours.has(path)) return
      const { path: file } = await resolve(path, { ...options, pluginData: installed })
      return file === '' ? undefined : { path: pathToFileURL(file).href, external: true }
    })
  },
}
