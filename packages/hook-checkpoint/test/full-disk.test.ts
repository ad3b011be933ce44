import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { every, type Hook, train } from '@hookstep/catalogue'
import { folder, loadCheckpoint } from '@hookstep/hook-checkpoint/node'
import { beforeAll, expect, test, vi } from 'vitest'
import { readCheckpoint } from '../src/reading.ts'
import { type FileSystem, mounted } from './damage/file-system.ts'
import { before, newest, Origin, oldest, resumed } from './damage/place.ts'
import { at, failure, learnedBy } from './runs.ts'

const often = every('2 steps', { last: true })

let origin: Origin

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  origin = await Origin.make()
  return () => origin.remove()
})

test('however little room a disk has, what a run had stays whole, and the next goes on', {
  timeout: 60_000,
}, async (context) => {
  const disk = await mounted(512, context)
  const path = join(disk.path, 'checkpoints')
  const failures: string[] = []
  for (let pages = 0, isFull = true; isFull; pages++) {
    await cp(await origin.copy(), path, { recursive: true })
    await disk.fillTo(pages)
    const outcome = await failure(resumed(path, often))
    isFull = outcome !== 'it did not fail'
    if (isFull) failures.push(outcome)
    await expectWhole(path)
    await disk.empty()
    await expectToGoOn(path)
    await rm(path, { recursive: true })
  }
  console.log(`full disks: ${failures.length} runs failed, all that they had was whole`)
  const remedy = 'the disk is full: free some space, or keep fewer checkpoints (ENOSPC'
  expect(failures.filter((message) => !message.includes(remedy))).toEqual([])
  expect(failures[0]).toContain(`${path}: a run cannot save here`)
  const kept = failures.map((message) => /(step-\S+) before it stays$/.exec(message)?.[1])
  expect([...new Set(kept)]).toEqual([undefined, newest, 'step-00000010', 'step-00000012', 'step-00000014'])
})

test('on a disk that cannot be written no run begins, but what it has is read', async (context) => {
  const disk = await mounted(512, context)
  const path = join(disk.path, 'checkpoints')
  await cp(await origin.copy(), path, { recursive: true })
  disk.remount('ro')
  const remedy = 'the file system is read-only: name a folder that can be written'
  expect(await failure(resumed(path))).toContain(`${path}: a run cannot save here: ${remedy}`)
  expect((await loadCheckpoint(path)).step).toBe(9)
  disk.remount('rw')
  await expectToGoOn(path)
})

test('where a disk becomes read-only during a run, the run fails and the next goes on', async (context) => {
  const disk = await mounted(512, context)
  const path = join(disk.path, 'checkpoints')
  await cp(await origin.copy(), path, { recursive: true })
  const outcome = await failure(resumed(path, often, becomingReadOnly(disk)))
  expect(outcome).toContain(
    `a checkpoint could not be saved in ${path}: ${path}: step-00000012 cannot be saved`,
  )
  expect(outcome).toMatch(/the file system is read-only: .*; step-00000010 before it stays$/)
  disk.remount('rw')
  // The run could not remove its lock. To another process it would be that of one that is gone; this one is alive.
  await rm(join(path, '.lock'))
  await expectWhole(path)
  await expectToGoOn(path)
})

/** Once the checkpoint of step 10 is there. */
function becomingReadOnly(disk: FileSystem): Hook {
  return at(train.step.pre, async ({ step }) => {
    if (step !== 11) return
    while (!(await readdir(join(disk.path, 'checkpoints'))).includes('step-00000010')) {}
    disk.remount('ro')
  })
}

/** All that are there can be read, and those that were there before are. */
async function expectWhole(path: string): Promise<void> {
  const names = (await readdir(path)).sort()
  expect(names.slice(0, 3)).toEqual([oldest, before, newest])
  for (const name of names) await readCheckpoint(folder(path), name)
}

/** To the same end as the run that nobody interrupted. */
async function expectToGoOn(path: string): Promise<void> {
  await resumed(path, often)
  expect(learnedBy({ name: '', setup() {}, state: await loadCheckpoint(path) })).toEqual(origin.learned)
}
