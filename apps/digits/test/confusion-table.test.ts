import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatCounts } from '../src/confusion-table.ts'

describe('the confusion table', () => {
  it('shows what was read as what, and how much of it is right', () => {
    const counts = Array.from({ length: 10 }, (_, digit) =>
      Array.from({ length: 10 }, (_, reading) => (digit === reading ? 98 : 0)),
    )
    Object.assign(counts[4] ?? [], { 9: 2 })
    Object.assign(counts[7] ?? [], { 7: 0 })
    expect(stripVTControlCharacters(formatCounts(counts))).toMatchInlineSnapshot(`
      "read as    0    1    2    3    4    5    6    7    8    9     right
      digit 0   98    ·    ·    ·    ·    ·    ·    ·    ·    ·   100.0 %
      digit 1    ·   98    ·    ·    ·    ·    ·    ·    ·    ·   100.0 %
      digit 2    ·    ·   98    ·    ·    ·    ·    ·    ·    ·   100.0 %
      digit 3    ·    ·    ·   98    ·    ·    ·    ·    ·    ·   100.0 %
      digit 4    ·    ·    ·    ·   98    ·    ·    ·    ·    2    98.0 %
      digit 5    ·    ·    ·    ·    ·   98    ·    ·    ·    ·   100.0 %
      digit 6    ·    ·    ·    ·    ·    ·   98    ·    ·    ·   100.0 %
      digit 7    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·         –
      digit 8    ·    ·    ·    ·    ·    ·    ·    ·   98    ·   100.0 %
      digit 9    ·    ·    ·    ·    ·    ·    ·    ·    ·   98   100.0 %"
    `)
  })
})
