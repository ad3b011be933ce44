import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'

const root = new URL('..', import.meta.url).pathname
/** Within node_modules, where the peers are found and git does not look. */
const built = `${root}node_modules/.benchmarks`
const names = readdirSync(`${root}src`).flatMap((file) => file.match(/^(.+)\.ts$/)?.[1] ?? [])

/** Builds the benchmarks with the sources of our packages, so that nothing need be built before. */
beforeAll(async () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  await build({
    entryPoints: names.map((name) => `${root}src/${name}.ts`),
    outdir: built,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    target: 'node20',
    conditions: ['hookstep:source'],
    external: Object.keys(dependencies).filter((name) => !name.startsWith('@hookstep/')),
  })
})

async function run(name: string, ...flags: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [`${built}/${name}.mjs`, ...flags])
  return stdout.trimEnd().split('\n')
}

describe.each(names)('the benchmark %s', (name) => {
  it('measures every case and ends with its results as JSON', { timeout: 120_000 }, async () => {
    const lines = await run(name, '--quick', '--json')
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
    for (const { rounds, ...row } of result.rows) {
      expect(row).toEqual({
        subject: expect.any(String),
        setting: expect.any(String),
        value: Math.min(...rounds),
        unit: expect.any(String),
      })
      expect(row.value).toBeGreaterThan(0)
    }
  })

  it('refuses a flag that it does not know', async () => {
    await expect(run(name, '--jsno')).rejects.toThrow(/--jsno.*: the flags are --json and --quick/)
  })
})
