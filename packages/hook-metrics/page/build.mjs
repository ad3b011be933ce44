/**
 * Bundles the live page, with all that it needs, into a folder: nothing is loaded from elsewhere when it is looked at.
 *
 *   node page/build.mjs [folder]            default: dist/page
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const folder = process.argv[2] ?? join(here, '../dist/page')

/** What is bundled and is not ours. */
const bundled = ['preact', 'uplot']

await build({
  entryPoints: [
    { in: join(here, 'main.tsx'), out: 'page' },
    { in: join(here, 'page.css'), out: 'page' },
  ],
  outdir: folder,
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['es2023', 'chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
})
await mkdir(folder, { recursive: true })
for (const file of ['index.html', 'icon.svg']) await copyFile(join(here, file), join(folder, file))
await writeFile(join(folder, 'LICENSES.txt'), await licenses())

/** Their licences ask to be told. */
async function licenses() {
  const texts = bundled.map(async (name) => {
    const license = await readFile(join(await folderOf(name), 'LICENSE'), 'utf8')
    return `page.js and page.css contain ${name}:\n\n${license.trim()}\n`
  })
  return (await Promise.all(texts)).join('\n---\n\n')
}

async function folderOf(name) {
  const paths = createRequire(import.meta.url).resolve.paths(name) ?? []
  for (const path of paths) {
    const candidate = join(path, name)
    const found = await readFile(join(candidate, 'package.json')).catch(() => undefined)
    if (found !== undefined) return candidate
  }
  throw new Error(`${name} is not installed`)
}
