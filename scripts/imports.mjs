/** Reads what a source file imports and declares, in code and in types. */
import { readFileSync } from 'node:fs'
import { parseSync, Visitor } from 'oxc-parser'

/**
 * `imports`: static and dynamic imports, `export … from`, `import('…').Type`, `require` and
 * `/// <reference>`. Each has a `line`, a `specifier` (missing when it is computed), and says whether it is
 * `typeOnly` and whether it `reExports` (`export * as name from` does not: it makes a namespace).
 * `declarations`: the interfaces, types and classes, each with `line` and `name`.
 */
export function readModule(file) {
  const code = readFileSync(file, 'utf8')
  const { program, comments, errors } = parseSync(file, code)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const imports = []
  const declarations = []
  const line = (node) => code.slice(0, node.start).split('\n').length

  const add = (node, source, { typeOnly = false, reExports = false } = {}) =>
    imports.push({ line: line(node), specifier: literal(source), typeOnly, reExports })
  const declare = (node) => declarations.push({ line: line(node), name: node.id?.name })

  new Visitor({
    ImportDeclaration: (node) => add(node, node.source, { typeOnly: node.importKind === 'type' }),
    ImportExpression: (node) => add(node, node.source),
    ExportAllDeclaration: (node) =>
      add(node, node.source, { typeOnly: node.exportKind === 'type', reExports: !node.exported }),
    ExportNamedDeclaration: (node) =>
      node.source && add(node, node.source, { typeOnly: node.exportKind === 'type', reExports: true }),
    TSImportType: (node) => add(node, node.source, { typeOnly: true }),
    TSExternalModuleReference: (node) => add(node, node.expression),
    CallExpression: (node) => node.callee.name === 'require' && add(node, node.arguments[0]),
    TSInterfaceDeclaration: declare,
    TSTypeAliasDeclaration: declare,
    ClassDeclaration: declare,
  }).visit(program)

  for (const comment of comments) {
    const [, value] = comment.value.match(/^\/\s*<reference\s.*?=\s*["'](.+?)["']/) ?? []
    if (value) add(comment, { type: 'Literal', value }, { typeOnly: true })
  }
  return { imports, declarations }
}

function literal(source) {
  if (source?.type === 'Literal') return source.value
  if (source?.type === 'TemplateLiteral' && source.quasis.length === 1) return source.quasis[0].value.cooked
  return undefined
}
