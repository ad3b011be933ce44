import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { random } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { bundle, type Left, shell, temporaryFolder } from '../processes.ts'
import { recordsIn, rowsOf } from '../runs.ts'
import { rowCount, syncedFolder } from './training.ts'

const seed = Number(process.env.WANDB_TEST_SEED ?? 20261122)
const steps = rowCount(600)
const kills = 3

/** Trains in a process of its own. @param killAt the row at which it is killed. */
function train(script: string, dir: string, server: WandbServer, killAt?: number): Promise<Left> {
  const environment = `WANDB_BASE_URL=${server.url} WANDB_API_KEY=${server.apiKey} WANDB_SILENT=true`
  return shell(`${environment} exec node ${script} ${dir} ${steps}`, (output, child) => {
    if (killAt !== undefined && output.includes(`logged ${killAt}\n`)) child.kill('SIGKILL')
  })
}

async function logOf(dir: string): Promise<{ location: string; id: string }> {
  const [name = '', ...others] = await readdir(join(dir, 'wandb'))
  expect(others).toEqual([])
  return { location: join(dir, 'wandb', name), id: name.split('-').at(-1) ?? '' }
}

async function expectEachRowOnce(server: WandbServer, dir: string): Promise<void> {
  const { location, id } = await logOf(dir)
  const rows = rowsOf(await recordsIn(location, id))
  expect(server.run(id).rows).toEqual(rows)
  expect(rows.map((row) => row['trainer/step'])).toEqual(rows.map((_, row) => row + 1))
  expect(server.run(id).streams['wandb-history.jsonl']).toMatchObject({ missing: 0, rewritten: 0 })
}

test('killed at any row, what was not sent is sent by sync, and each row once; then the training goes on', {
  timeout: 60_000,
}, async () => {
  console.log(`seed ${seed}`)
  await using server = await startWandbServer({ seed })
  const dir = await temporaryFolder()
  const script = await bundle('online-training', dir)
  const draw = random(seed, 'kill')
  server.fail({ shows: 'reset', applied: 'at once', probability: 0.2 })
  server.fail({ shows: 503, probability: 0.2 })
  for (let kill = 0; kill < kills; kill++) {
    const row = 51 + Math.floor(((kill + draw.next()) * (steps - 51)) / kills)
    const { signal, output } = await train(script, dir, server, row)
    expect(signal, output).toBe('SIGKILL')
    // Every second time somebody syncs it before the training goes on.
    if (kill % 2 === 1) continue
    const { location, id } = await logOf(dir)
    await syncedFolder(server, location, id)
    await expectEachRowOnce(server, dir)
  }
  const { code, output } = await train(script, dir, server)
  expect(code, output).toBe(0)
  const { location, id } = await logOf(dir)
  expect(await syncedFolder(server, location, id)).toBe(0)
  await expectEachRowOnce(server, dir)
  expect(server.run(id)).toMatchObject({ state: 'finished', exitCode: 0 })
  expect(server.run(id).rows.length).toBe(steps)
})
