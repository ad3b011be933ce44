import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { outcomesAsMarkdown } from './outcomes.ts'

test('the page on policies has the table of outcomes', async () => {
  const page = new URL('../../../../docs/policies.md', import.meta.url)
  expect(await readFile(page, 'utf8')).toContain(outcomesAsMarkdown())
})
