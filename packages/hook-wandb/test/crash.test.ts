import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { bundle, shell, temporaryFolder } from './processes.ts'
import { recordsIn, toldBy } from './runs.ts'

const steps = 400
const seed = 20261122
const kills = 4
/** Before the first checkpoint is durable, a run that is killed would begin again, as another one. */
const first = 100

/** Small, and the same everywhere. */
function drawn(state: number): () => number {
  let value = state
  return () => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0
    return value / 2 ** 32
  }
}

test('killed at any row and resumed, a run has each row once, as the one that nobody killed', {
  timeout: 60_000,
}, async () => {
  vi.stubEnv('WANDB_SILENT', 'true')
  console.log(`seed ${seed}`)
  const folder = await temporaryFolder()
  const script = await bundle('training', folder)
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')]
  const uninterrupted = await shell(`exec node ${script} ${whole} ${steps}`)
  expect(uninterrupted.code, uninterrupted.output).toBe(0)
  const random = drawn(seed)
  for (let kill = 0; kill < kills; kill++) {
    const row = first + 1 + Math.floor((kill + random()) * ((steps - first - 1) / kills))
    const { signal, output } = await shell(`exec node ${script} ${killed} ${steps}`, (text, child) => {
      if (text.includes(`logged ${row}\n`)) child.kill('SIGKILL')
    })
    expect(signal, output).toBe('SIGKILL')
    await expectRowsOnce(killed, row)
  }
  const { code, output } = await shell(`exec node ${script} ${killed} ${steps}`)
  expect(code, output).toBe(0)
  expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toMatchObject({ warnings: [] })
  expect(await rowsIn(killed)).toEqual(await rowsIn(whole))
})

/** From the first step on, at least to the one that was told of: none missing and none twice. */
async function expectRowsOnce(folder: string, step: number): Promise<void> {
  const reached = (await rowsIn(folder)).map((row) => row['trainer/step'])
  expect(reached).toEqual(reached.map((_, at) => at + 1))
  expect(reached.length).toBeGreaterThanOrEqual(step)
}

async function rowsIn(folder: string): Promise<ReturnType<typeof toldBy>> {
  const [name = '', ...others] = await readdir(join(folder, 'wandb'))
  expect(others).toEqual([])
  return toldBy(await recordsIn(join(folder, 'wandb', name), name.split('-').at(-1) ?? ''))
}
