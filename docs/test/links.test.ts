import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { pages, read, root } from '../src/workspace.ts'

/** The links of a page that lead within the repository, without those in code. */
function linksOf(page: string): string[] {
  const links = Array.from(prose(page).matchAll(/\]\(([^)\s]+)[^)]*\)/g), ([, link]) => link ?? '')
  return links.filter((link) => !/^[a-z]+:/.test(link))
}

function prose(page: string): string {
  return read(page).replace(/```.*?```|`[^`\n]*`/gs, '')
}

/** What a heading is called in links: as GitHub does it. */
function anchorsOf(page: string): string[] {
  const headings = read(page)
    .replace(/```.*?```/gs, '')
    .matchAll(/^#+ (.*)$/gm)
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return true
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
}

test('every link within the repository leads to a file, and to a heading where it names one', () => {
  const broken = pages().flatMap((page) =>
    linksOf(page)
      .filter((link) => isBroken(page, link))
      .map((link) => `${page}: ${link}`),
  )
  expect(broken).toEqual([])
})

test('every file of the repository that a page names in code exists', () => {
  const missing = pages().flatMap((page) => {
    const named = Array.from(read(page).matchAll(/`((?:packages|apps|bench|docs|scripts)\/[\w./-]+)`/g))
    return named
      .filter(([, path = '']) => !existsSync(join(root, path)))
      .map(([, path]) => `${page}: ${path}`)
  })
  expect(missing).toEqual([])
})
