import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the workspace. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The files below a folder of the workspace, as paths from its root. */
export function* filesBelow(folder: string, ending: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory() && !isSkipped(entry.name)) yield* filesBelow(path, ending)
    if (entry.isFile() && entry.name.endsWith(ending)) yield relative('.', path).split(sep).join('/')
  }
}

function isSkipped(folder: string): boolean {
  return ['node_modules', 'dist', 'templates'].includes(folder) || folder.startsWith('.')
}

/** Every page that a reader may open, as a path from the root. */
export function pages(): string[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'))
  const readmes = ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`))
    .concat('bench/README.md')
    .filter((path) => existsSync(join(root, path)))
  return [...atRoot, ...readmes, ...filesBelow('docs', '.md')]
}

/** A folder in `packages/`, and where the sources of its entries are. */
export interface Package {
  readonly folder: string
  readonly name: string
  /** By what is imported, such as `@hookstep/hook-metrics/node`; paths from the root. */
  readonly entries: ReadonlyMap<string, string>
}

export function packages(): Package[] {
  return readdirSync(join(root, 'packages'))
    .filter((folder) => existsSync(join(root, 'packages', folder, 'package.json')))
    .map((folder) => packageIn(folder))
}

function packageIn(folder: string): Package {
  const { name, exports = {} } = JSON.parse(read(`packages/${folder}/package.json`)) as {
    name: string
    exports?: Record<string, { 'hookstep:source'?: string }>
  }
  const entries = Object.entries(exports).flatMap(([entry, { 'hookstep:source': source }]) =>
    source === undefined ? [] : [[`${name}${entry.slice(1)}`, join('packages', folder, source)] as const],
  )
  return { folder, name, entries: new Map(entries) }
}
