/**
 * Holds who may lean on whom in this workspace (CONTRIBUTING.md, "Who imports whom").
 * What no import shows, a global of Node or of the DOM, is held by `lib` and `types` in tsconfig.base.json.
 *
 *   node scripts/check-imports.mjs [folder of the workspace]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { readModule } from './imports.mjs'

/** The packages whose imports are listed here in full. */
const complete = { core: [], catalogue: ['core'], trainer: ['core', 'catalogue'] }

const isHook = (name) => name.startsWith('hook-') || name === 'hooks' || name === 'callbacks'
const isBackend = (name) => name.startsWith('backend-')
const isNeutral = (name) => name in complete || name === 'callbacks'

/** What is wrong with an import anywhere in the workspace, if anything. */
function problemAnywhere({ specifier, leaves, to }) {
  if (leaves) return 'leaves its package: import the other one by its name'
  if (to && specifier.split('/')[2] === 'src') return `reaches into the sources of ${to}`
}

/** What is wrong with an import in the sources of the package `from`; `to` is the one of ours it names. */
function problemInSources({ from, to = '', specifier, inside, typeOnly, reExports, isEntry }) {
  if (reExports && !isEntry) return 'only index.ts re-exports'
  if (to === from || (inside && /\/index\.ts$/.test(specifier))) return 'inside a package, import the file'
  if (inside) return
  if (isNeutral(from) && specifier === undefined) return `${from} imports nothing by a computed name`
  if (from in complete && !complete[from].includes(to)) {
    return `${from} imports ${complete[from].join(' and ') || 'nothing'}`
  }
  if (isNeutral(from) && isOfPlatform(specifier)) return `${from} runs on every platform`
  if (isHook(from) && to === 'trainer') return 'a hook never imports the trainer'
  if (isHook(from) && isBackend(to)) return 'a hook never imports a backend'
  if (isBackend(from) && to === 'catalogue') return 'a backend never imports the catalogue'
  if (isBackend(from) && to === 'trainer' && !typeOnly) return 'a backend imports only types of the trainer'
  if (from === 'testing' && to && !['core', 'catalogue', 'trainer'].includes(to)) {
    return 'testing imports core, catalogue and trainer'
  }
}

/** Node's modules, TensorFlow's packages, and the names that `/// <reference>` has for platforms. */
function isOfPlatform(specifier) {
  const [name] = specifier.split('/')
  const platforms = ['@tensorflow', 'node', 'dom', ...builtinModules]
  return name.startsWith('node:') || platforms.includes(name)
}

/** The lines that say what is wrong in one file. */
function* problems(root, folder, file) {
  const { imports, declarations } = readModule(file)
  const path = relative(root, file).split(sep).join('/')
  const inSources = path.match(/^packages\/([^/]+)\/src\//)
  const from = inSources?.[1]
  for (const found of imports) {
    const facts = { ...found, from, ...locate(folder, file, found.specifier), isEntry: isEntry(folder, file) }
    const problem = problemAnywhere(facts) ?? (inSources ? problemInSources(facts) : undefined)
    if (problem) yield `${path}:${found.line}: '${found.specifier ?? '(computed)'}': ${problem}`
  }
  if (from !== 'trainer' || path === 'packages/trainer/src/backend.ts') return
  for (const { line, name } of declarations) {
    if (name !== 'Backend' && name !== 'Session') continue
    yield `${path}:${line}: ${name} is defined in packages/trainer/src/backend.ts alone`
  }
}

/** Where an import leads: a file of the same folder of the workspace, out of it, or a package of ours. */
function locate(folder, file, specifier = '') {
  if (!specifier.startsWith('.')) return { to: specifier.match(/^@hookstep\/([^/]+)/)?.[1] }
  const leaves = relative(folder, resolve(dirname(file), specifier)).startsWith('..')
  return { leaves, inside: !leaves }
}

/** A package's entries are what its export map names as sources. */
function isEntry(folder, file) {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.values(exports).some((target) => resolve(folder, target['hookstep:source']) === file)
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !['node_modules', 'dist'].includes(entry.name)) yield* sourceFiles(path)
    if (entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name)) yield path
  }
}

const root = resolve(process.argv[2] ?? '.')
const folders = ['packages', 'apps']
  .filter((parent) => existsSync(join(root, parent)))
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
  .concat(['bench', 'docs'].map((name) => join(root, name)))
  .filter((folder) => existsSync(join(folder, 'package.json')))

const found = folders.flatMap((folder) =>
  Array.from(sourceFiles(folder)).flatMap((file) => [...problems(root, folder, file)]),
)
for (const line of found) console.log(line)
process.exitCode = found.length === 0 ? 0 : 1
