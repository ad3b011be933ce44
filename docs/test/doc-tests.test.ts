import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocksIn, type CodeBlock } from '../src/code-blocks.ts'
import { makeFolder, problemsIn, writeModules } from '../src/compile.ts'
import { execute } from '../src/execute.ts'
import { modulesOf } from '../src/modules.ts'

let folder = ''

beforeAll(() => {
  folder = makeFolder()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const page = `
A hidden file, and a block that imports it:
<!--
\`\`\`ts file=double.ts
export const double = (x: number): number => 2 * x
\`\`\`
-->
\`\`\`ts runs
import { double } from './double.ts'
const four: number = double(2)
console.log(four)
\`\`\`
  - one that goes on, indented, with an error in its second line:
    \`\`\`ts continues
    const eight = double(four)
    eight.toUpperCase()
    \`\`\`
`

describe('the test of code blocks', () => {
  test('finds an error on its page and line, once', async () => {
    const modules = modulesOf(blocksIn('page.md', page.split('\n')))
    writeModules(folder, modules)
    expect(await problemsIn(folder, modules)).toEqual([
      "page.md:16: error TS2339: Property 'toUpperCase' does not exist on type 'number'.",
    ])
  }, 60_000)

  test('runs a block that imports a file of its page', async () => {
    const modules = modulesOf(blocksIn('page.md', page.split('\n')))
    writeModules(folder, modules)
    const running = modules.find(({ block }) => block.words.includes('runs'))
    expect(running && (await execute(folder, running))).toBe('4')
  }, 60_000)

  test('imports what a doc comment uses of its package and of its prelude, and what it does not declare', () => {
    const code = 'const paused = defineEvent<{ step: number }>("x")\nawait bus.trigger(paused, { step: 1 })'
    const block: CodeBlock = { page: 'bus.ts', line: 1, language: 'ts', words: [], code, package: 'core' }
    expect(modulesOf([block]).map(({ text }) => text.split('\n').slice(0, -2))).toEqual([
      ["import { defineEvent } from '@hookstep/core'", "import { bus } from '../../preludes/core.ts'"],
    ])
  })

  test('refuses a block without an end', () => {
    expect(() => blocksIn('page.md', ['text', '```ts'])).toThrow('page.md:2: a code block has no end')
  })
})
