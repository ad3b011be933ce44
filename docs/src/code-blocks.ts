import { filesBelow, packages, pages, read } from './workspace.ts'

/** A fenced block of code on a page, or in a doc comment. */
export interface CodeBlock {
  /** Path from the root. */
  readonly page: string
  /** The line of its first line of code, counted from 1. */
  readonly line: number
  readonly language: string
  /** The words behind the language. */
  readonly words: readonly string[]
  readonly code: string
  /** The folder of the package in whose doc comment it is. */
  readonly package?: string
}

/** All blocks of all pages and doc comments. Blocks within HTML comments count: readers don't see those. */
export function collectBlocks(): CodeBlock[] {
  return [...pages().flatMap((page) => blocksIn(page, read(page).split('\n'))), ...docComments()]
}

function docComments(): CodeBlock[] {
  return packages().flatMap(({ folder }) =>
    [...filesBelow(`packages/${folder}/src`, '.ts')].flatMap((page) =>
      blocksIn(page, commentLines(read(page))).map((block) => ({ ...block, package: folder })),
    ),
  )
}

/** A source's lines with the text of doc comments alone, so that line numbers stay. */
function commentLines(source: string): string[] {
  const isDoc = new Set<number>()
  for (const { 0: comment, index } of source.matchAll(/\/\*\*.*?\*\//gs)) {
    const first = source.slice(0, index).split('\n').length - 1
    for (let line = first; line < first + comment.split('\n').length; line++) isDoc.add(line)
  }
  return source.split('\n').map((line, at) => (isDoc.has(at) ? line.replace(/^\s*\* ?/, '') : ''))
}

const fence = /^(?<indent>\s*)(?<marks>`{3,})(?<language>[^\s`]*)(?<words>.*)$/

/** The blocks in the lines of a page. */
export function blocksIn(page: string, lines: readonly string[]): CodeBlock[] {
  const blocks: CodeBlock[] = []
  for (let at = 0; at < lines.length; at++) {
    const { indent = '', marks = '', language = '', words = '' } = fence.exec(lines[at] ?? '')?.groups ?? {}
    if (marks === '') continue
    const end = lines.findIndex((line, other) => other > at && line.trim() === marks)
    if (end === -1) throw new Error(`${page}:${at + 1}: a code block has no end`)
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length))
    blocks.push({
      page,
      line: at + 2,
      language,
      words: words.split(/\s+/).filter(Boolean),
      code: code.join('\n'),
    })
    at = end
  }
  return blocks
}
