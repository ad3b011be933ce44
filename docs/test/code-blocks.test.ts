import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CodeBlock, collectBlocks } from '../src/code-blocks.ts'
import { makeFolder, problemsIn, writeModules } from '../src/compile.ts'
import { execute } from '../src/execute.ts'
import { modulesOf } from '../src/modules.ts'

const blocks = collectBlocks()
const modules = modulesOf(blocks)
const running = modules.filter(({ block }) => block.words.includes('runs'))

let folder = ''

beforeAll(() => {
  folder = makeFolder()
  writeModules(folder, modules)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('code on pages and in doc comments', () => {
  test('is in a language that is looked at', () => {
    const languages = ['', 'ts', 'js', 'sh', 'json', 'text', 'html', 'python']
    const others = blocks.filter(({ language }) => !languages.includes(language))
    expect(others.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([])
  })

  test('compiles', async () => {
    expect(await problemsIn(folder, modules)).toEqual([])
  }, 120_000)

  test('is JSON where it says so', () => {
    for (const { language, code } of blocks) if (language === 'json') JSON.parse(code)
  })

  test.each(running.map((module) => [`${module.block.page}:${module.block.line}`, module] as const))(
    '%s runs, and prints what is shown',
    async (_, module) => {
      const printed = await execute(folder, module)
      const shown = shownAfter(module.block)
      if (shown !== undefined) expect(printed).toBe(shown)
    },
    120_000,
  )
})

/** The text that stands right behind a block. */
function shownAfter(block: CodeBlock): string | undefined {
  const next = blocks[blocks.indexOf(block) + 1]
  return next?.page === block.page && next.language === 'text' ? next.code.trim() : undefined
}
