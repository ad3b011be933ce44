import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BlockModule } from './modules.ts'
import { packages, root } from './workspace.ts'

/** A new folder next to the guides, so that blocks find what guides may import. Git does not see it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(root, 'docs/.blocks-'))
  writeFileSync(join(folder, '.gitignore'), '*\n')
  return folder
}

/** Writes the modules into a folder, with a program of their own around them. */
export function writeModules(folder: string, modules: readonly BlockModule[]): void {
  for (const { path, text } of modules) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(programOf(modules)))
}

/** As a user's program: it finds our packages by name, and knows browsers as well as Node. */
function programOf(modules: readonly BlockModule[]): object {
  return {
    extends: '../../tsconfig.node.json',
    compilerOptions: {
      lib: ['ES2023', 'ESNext.Disposable', 'Decorators', 'DOM', 'DOM.Iterable'],
      paths: Object.fromEntries([...sourceOfEntries()].map(([specifier, source]) => [specifier, [source]])),
      allowImportingTsExtensions: true,
      // The imports that stand before the blocks of doc comments don't tell types from values.
      verbatimModuleSyntax: false,
      allowJs: true,
      noImplicitAny: true,
    },
    files: modules.map(({ path }) => path),
    include: [],
  }
}

/** The sources of all packages' entries, by what is imported. */
export function sourceOfEntries(): Map<string, string> {
  return new Map(
    packages().flatMap(({ entries }) =>
      [...entries].map(([specifier, source]) => [specifier, join(root, source)] as const),
    ),
  )
}

/** Type-checks the modules in a folder. Returns what is wrong, each with its page and line. */
export async function problemsIn(folder: string, modules: readonly BlockModule[]): Promise<string[]> {
  const byPath = new Map(modules.map((module) => [module.path, module]))
  const messages = (await tsc(folder)).split(/\n(?=\S)/).map((message) => message.trim())
  const problems = messages.filter(Boolean).map((message) => onItsPage(message, byPath))
  return [...new Set(problems.filter((problem) => problem !== undefined))]
}

/** Errors in our own sources are for their own type check; those before a block's own lines are told there. */
function onItsPage(message: string, modules: ReadonlyMap<string, BlockModule>): string | undefined {
  const [, file, line, text] = /^([^(\n]+)\((\d+),\d+\): (.*)$/s.exec(message) ?? []
  if (file === undefined) return message
  const module = modules.get(file)
  if (module === undefined) return
  const { block, linesBefore } = module
  const own = Number(line) - linesBefore
  if (own < 1 && block.words.includes('continues')) return
  return `${block.page}:${block.line + own - 1}: ${text}`
}

function tsc(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, '--noEmit', '-p', folder, '--pretty', 'false'],
      { cwd: folder },
      (_, output) => resolve(output),
    )
  })
}
