import { readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildPrograms, type Run, root } from './programs.ts'

const names = readdirSync(`${root}src`).flatMap((file) => file.match(/^(.+)\.ts$/)?.[1] ?? [])
let run: Run

beforeAll(async () => {
  const sources = names.map((name) => pathToFileURL(`${root}src/${name}.ts`))
  run = await buildPrograms('benchmarks', sources)
})

describe.each(names)('the benchmark %s', (name) => {
  it('measures every case and ends with its results as JSON', { timeout: 120_000 }, async () => {
    const { exitCode, lines, errors } = await run(name, ['--quick', '--json'])
    expect(exitCode, errors).toBe(0)

    const result = JSON.parse(lines.at(-1) as string)
    expect(result).toEqual({ bench: name, goals: expect.any(Array), rows: expect.any(Array) })
    expect(result.goals).not.toHaveLength(0)
    for (const goal of result.goals) {
      expect(goal).toEqual({
        name: expect.any(String),
        value: expect.any(Number),
        limit: expect.any(Number),
        unit: expect.any(String),
        met: goal.value <= goal.limit,
      })
    }
    for (const row of result.rows) {
      expect(row).toEqual({
        subject: expect.any(String),
        setting: expect.any(String),
        value: row.rounds[0],
        unit: expect.any(String),
        rounds: [expect.any(Number)],
      })
      expect(row.value).toBeGreaterThan(0)
    }
  })
})
