import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { CodeBlock } from './code-blocks.ts'
import { type Package, packages, read, root } from './workspace.ts'

/** A block as a module: what it needs, then its code. */
export interface BlockModule {
  readonly block: CodeBlock
  /** Path within the folder of all modules: a folder for each page. */
  readonly path: string
  readonly text: string
  /** Lines before the block's own. */
  readonly linesBefore: number
}

/** What pages and doc comments show as code, each block a module of its own. */
export function modulesOf(blocks: readonly CodeBlock[]): BlockModule[] {
  const names = visibleNames()
  const chains = new Map<string, BlockModule>()
  return blocks.filter(isCode).map((block) => {
    const before = block.words.includes('continues') ? chains.get(block.page)?.text : undefined
    const module = moduleOf(block, before ?? importsFor(block, names))
    if (fileName(block) === undefined) chains.set(block.page, module)
    return module
  })
}

function isCode({ language }: CodeBlock): boolean {
  return language === 'ts' || language === 'js'
}

function moduleOf(block: CodeBlock, before: string): BlockModule {
  const folder = block.page.replaceAll(/[^\w]+/g, '-')
  const name = fileName(block) ?? `line-${block.line}.${block.language}`
  const text = before === '' ? block.code : `${before}\n${block.code}`
  const linesBefore = before === '' ? 0 : before.split('\n').length
  return { block, path: `${folder}/${name}`, text, linesBefore }
}

function fileName({ words }: CodeBlock): string | undefined {
  return words.find((word) => word.startsWith('file='))?.slice('file='.length)
}

/** What the doc comments of a package may use without an import. */
type VisibleNames = ReadonlyMap<string, readonly Export[]>

interface Export {
  readonly name: string
  readonly from: string
}

function visibleNames(): VisibleNames {
  return new Map(packages().map((one) => [one.folder, [...exportsOf(one), ...preludeOf(one)]]))
}

function exportsOf({ entries }: Package): Export[] {
  return [...entries].flatMap(([specifier, source]) => exportsIn(source, specifier))
}

/** Names that stand for what a reader has: `docs/preludes/<package>.ts`. */
function preludeOf({ folder }: Package): Export[] {
  const prelude = `docs/preludes/${folder}.ts`
  return existsSync(join(root, prelude)) ? exportsIn(prelude, `../../preludes/${folder}.ts`) : []
}

function exportsIn(path: string, from: string): Export[] {
  const { module } = parseSync(path, read(path))
  return module.staticExports
    .flatMap(({ entries }) => entries)
    .flatMap(({ exportName: { name } }) => (name === null ? [] : [{ name, from }]))
}

/** Imports of what the block of a doc comment uses and does not declare. */
function importsFor({ package: folder, code, page, line }: CodeBlock, names: VisibleNames): string {
  if (folder === undefined) return ''
  const declared = declaredIn(code, `${page}:${line}`)
  const used = (names.get(folder) ?? []).filter(
    ({ name }, at, all) =>
      new RegExp(`\\b${name}\\b`).test(code) &&
      !declared.has(name) &&
      all.findIndex((other) => other.name === name) === at,
  )
  return used.map(({ name, from }) => `import { ${name} } from '${from}'`).join('\n')
}

/** What a module imports and declares at its top. */
function declaredIn(code: string, where: string): Set<string> {
  const { program, module, errors } = parseSync('block.ts', code)
  if (errors.length > 0) throw new Error(`${where}: ${errors[0]?.message}`)
  const imported = module.staticImports.flatMap(({ entries }) =>
    entries.map(({ localName }) => localName.value),
  )
  const declared = program.body.flatMap((statement) => {
    const declaration =
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement
    if (declaration.type === 'VariableDeclaration') {
      return declaration.declarations.flatMap(({ id }) => code.slice(id.start, id.end).match(/[\w$]+/g) ?? [])
    }
    return 'id' in declaration && declaration.id?.type === 'Identifier' ? [declaration.id.name] : []
  })
  return new Set([...imported, ...declared])
}
