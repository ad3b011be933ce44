import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

function* markdownBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !['node_modules', '.git'].includes(entry.name)) yield* markdownBelow(path)
    if (entry.isFile() && entry.name.endsWith('.md')) yield path
  }
}

/** The links of a page that lead to files, without those in code. */
function linksOf(page: string): string[] {
  const prose = readFileSync(page, 'utf8').replace(/```.*?```|`[^`]*`/gs, '')
  const links = Array.from(prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g), ([, link]) => link ?? '')
  return links.filter((link) => !/^[a-z]+:/.test(link))
}

test('every link between pages leads to a file', () => {
  const broken = Array.from(markdownBelow(root)).flatMap((page) =>
    linksOf(page)
      .filter((link) => !existsSync(join(dirname(page), link)))
      .map((link) => `${relative(root, page)}: ${link}`),
  )
  expect(broken).toEqual([])
})
