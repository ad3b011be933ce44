import { expect, test } from 'vitest'
import { type CodeBlock, collectBlocks } from '../src/code-blocks.ts'
import { shellProblems } from '../src/shell.ts'

test('what shell blocks name exists: scripts, flags, benchmarks, packages, files', () => {
  const blocks = collectBlocks().filter(({ language }) => language === 'sh')
  expect(blocks.flatMap(shellProblems)).toEqual([])
})

test('finds what does not exist', () => {
  const code = `npm start -- --model cnn   # right
npm start -- --modle cnn
npm run strat && npm test
SEED=1 npm run bench -- dispatch --json
npm run bench -- dipsatch
npm install @hookstep/core @hookstep/coer
node scripts/hookstep.mjs test
cd apps/digist`
  const block: CodeBlock = { page: 'README.md', line: 1, language: 'sh', words: [], code }
  expect(shellProblems(block)).toEqual([
    'README.md:2: apps/digits/src has no flag --modle',
    'README.md:3: package.json has no script "strat"',
    'README.md:5: there is no benchmark bench/src/dipsatch.ts',
    'README.md:6: there is no package @hookstep/coer',
    'README.md:8: there is no apps/digist',
  ])
})
