import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { expect, test, vi } from 'vitest'
import { mounted } from '../file-system.ts'
import { atStep } from '../runs.ts'
import { rowCount, synced, trained } from './training.ts'

vi.setConfig({ testTimeout: 60_000 })

const steps = rowCount(2_000)

function expectAllSteps(server: WandbServer, id: string | undefined): void {
  const run = server.run(id as string)
  expect(run.rows.map((row) => row['trainer/step'])).toEqual(
    Array.from({ length: steps }, (_, row) => row + 1),
  )
  expect(run.streams['wandb-history.jsonl']).toMatchObject({ rewritten: 0, missing: 0 })
  expect(run.state).toBe('finished')
}

test('what a full disk has no room for reaches the server from memory', async (context) => {
  await using server = await startWandbServer()
  const disk = await mounted(4096, context)
  const filling = atStep(steps / 2, () => disk.fillTo(0))
  const run = await trained(server, steps, { dir: disk.path, hooks: [filling] })
  expect(run.rows.length).toBeLessThan(steps)
  expect(run.summary.warnings).toEqual([
    expect.stringContaining('the log cannot be written: ENOSPC'),
    expect.stringMatching(/: the last \d+ bytes of the log could not be written$/),
  ])
  expectAllSteps(server, run.hook.id)

  await disk.empty()
  expect(await synced(server, run)).toBe(0)
  expectAllSteps(server, run.hook.id)

  // What was noted of the upload may be lost as well, or have found no room.
  await rm(join(run.hook.folder as string, 'upload.json'))
  expect(await synced(server, run)).toBe(0)
  expectAllSteps(server, run.hook.id)
})

test('a disk that is full from the beginning, and a server that is gone at first', async (context) => {
  await using server = await startWandbServer()
  await server.leave()
  const disk = await mounted(4096, context)
  await disk.fillTo(0)
  const coming = atStep(steps / 2, () => server.comeBack())
  const run = await trained(server, steps, { dir: disk.path, hooks: [coming] })
  expect(run.summary.steps).toBe(steps)
  expectAllSteps(server, run.hook.id)
})
