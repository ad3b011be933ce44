import { mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { every, type Hook, metrics, train } from '@hookstep/catalogue'
import { type CheckpointStore, checkpoint, memoryStore } from '@hookstep/hook-checkpoint'
import type { Wandb, WandbOptions } from '@hookstep/hook-wandb/node'
import { line } from '@hookstep/testing'
import type { RunSummary, TrainerOptions } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from './processes.ts'
import { at, atStep, offline, recordsOf, toldBy, trainWith } from './runs.ts'

let dir: string
let store: CheckpointStore

beforeEach(async () => {
  vi.stubEnv('WANDB_SILENT', 'true')
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  dir = await temporaryFolder()
  store = memoryStore()
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** Trains on from the last checkpoint; they are taken after 6 steps and 12. */
async function goOn(
  hooks: readonly Hook[] = [],
  { wandb = {}, ...options }: Partial<TrainerOptions> & { wandb?: WandbOptions } = {},
): Promise<{ hook: Wandb; summary: RunSummary }> {
  const hook = offline(dir, wandb)
  const saving = checkpoint({ store, when: every('6 steps'), onFailure: false })
  return { hook, summary: await trainWith([saving, hook, ...hooks], { ...often, ...options }) }
}

/** What is due at the last step of a training only would be another row where it was stopped. */
const often: Partial<TrainerOptions> = {
  log: every('2 steps'),
  evaluate: { data: line({ samples: 16, seed: 1 }), when: every('8 steps') },
}

const stopping = (step: number): Hook => atStep(step, (run) => run.stop('enough'))

/** Measures at each step; another value each time. */
function pacing(): Hook {
  return at(train.step.post, ({ step }, run) => {
    const { distributed, progress } = run
    const values = { seconds: performance.now() }
    return run.trigger(metrics.measured, { distributed, progress, step, source: 'pace', values })
  })
}

/** Which steps have a row, of each kind. */
async function stepsOf(hook: Wandb): Promise<string> {
  const rows = toldBy(await recordsOf(hook))
  return rows.map((row) => `${Object.keys(row)[0]} ${row['trainer/step']}`).join(', ')
}

test('a run that goes on from a checkpoint has the rows of one that was never stopped', async () => {
  const whole = offline(dir)
  await trainWith([whole], often)
  const first = await goOn([stopping(10)])
  const { hook, summary } = await goOn()
  expect([hook.id, hook.folder]).toEqual([first.hook.id, first.hook.folder])
  expect(toldBy(await recordsOf(hook))).toEqual(toldBy(await recordsOf(whole)))
  expect(summary.warnings).toEqual([])
  const ends = (await recordsOf(hook)).flatMap(({ type }, at) => (type === 'exit' ? [at] : []))
  expect(ends).toEqual([(await recordsOf(hook)).length - 1])
})

test('what was measured after the checkpoint is not measured twice, though the clock says otherwise', async () => {
  await goOn([stopping(10), pacing()])
  const { hook } = await goOn([pacing()])
  const measured = toldBy(await recordsOf(hook)).filter((row) => 'pace/seconds' in row)
  expect(measured.map((row) => row['trainer/step'])).toEqual(Array.from({ length: 16 }, (_, at) => at + 1))
})

test('what has been sent stays where it was: the log only grows', async () => {
  const first = await goOn([stopping(10)])
  const path = join(first.hook.folder ?? '', `run-${first.hook.id}.wandb`)
  const before = await readFile(path)
  await goOn([stopping(14)])
  const after = await readFile(path)
  const same = before.findIndex((byte, at) => byte !== after[at])
  // But for the exit record at the end.
  expect(before.length - same).toBeLessThan(40)
  expect(after.length).toBeGreaterThan(before.length)
})

test('a run that is stopped and resumed twice goes on where it stood', async () => {
  await goOn([stopping(3)])
  await goOn([stopping(8)])
  await goOn([stopping(15)])
  const { hook } = await goOn()
  expect(await stepsOf(hook)).toBe(
    'loss 2, loss 4, loss 6, loss 8, eval/loss 8, loss 10, loss 12, loss 14, loss 16, eval/loss 16',
  )
})

test('a training that goes another way is kept beside the old one, and it says so', async () => {
  await goOn([stopping(12)])
  await store.remove((await store.list()).toSorted().at(-1) as string)
  const { hook, summary } = await goOn([], { learningRate: 0.01 })
  expect(summary.warnings.filter((warning) => warning.startsWith('wandb: '))).toEqual([
    expect.stringContaining(
      'wandb: from step 8 on, this training has other values than the one that it repeats',
    ),
  ])
  expect(await stepsOf(hook)).toBe(
    'loss 2, loss 4, loss 6, loss 8, eval/loss 8, loss 10, loss 12, ' +
      'loss 8, eval/loss 8, loss 10, loss 12, loss 14, loss 16, eval/loss 16',
  )
  const changes = (await recordsOf(hook)).flatMap((record) => (record.type === 'config' ? record.update : []))
  expect(changes).toContainEqual({ key: 'learningRate', json: '0.01' })
})

describe('a log', () => {
  test('whose end was torn is cut to its last whole record', async () => {
    const first = await goOn([stopping(10)])
    const path = join(first.hook.folder ?? '', `run-${first.hook.id}.wandb`)
    await truncate(path, (await readFile(path)).length - 60)
    const { hook, summary } = await goOn()
    expect(summary.warnings).toEqual([])
    expect(await stepsOf(hook)).toContain('loss 10, loss 12, loss 14, loss 16, eval/loss 16')
  })

  test.each([
    ['is gone', (folder: string) => rm(folder, { recursive: true })],
    ['is empty', (folder: string) => spoil(folder, '')],
    ['is none', (folder: string) => spoil(folder, 'something else')],
    ['has lost what came before the checkpoint', shorten],
  ])('that %s is gone on with in a new one, of the same run', async (_, act) => {
    const first = await goOn([stopping(10)])
    await act(first.hook.folder ?? '')
    const { hook, summary } = await goOn()
    expect(summary.warnings).toEqual([
      `wandb: the log of the W&B run ${hook.id} is not, or not as a whole, at ${first.hook.folder}; the run goes on in ${hook.folder}. ` +
        'Sync the other one first, should you find it',
    ])
    const records = await recordsOf(hook)
    const steps = records.flatMap((record) => (record.type === 'history' ? [record.step] : []))
    expect([hook.id, records[1], steps[0]]).toMatchObject([
      first.hook.id,
      { type: 'run', startingStep: 3 },
      3,
    ])
  })
})

describe('the run', () => {
  test("is a new one with resume: 'never'", async () => {
    const first = await goOn([stopping(10)])
    const { hook } = await goOn([], { wandb: { resume: 'never' } })
    expect(hook.id).not.toBe(first.hook.id)
    expect(await stepsOf(hook)).toBe('loss 8, eval/loss 8, loss 10, loss 12, loss 14, loss 16, eval/loss 16')
  })

  test('is the one that is named, though the checkpoint names another', async () => {
    const first = await goOn([stopping(10)])
    const { hook, summary } = await goOn([], { wandb: { id: 'mine' } })
    expect(hook.id).toBe('mine')
    expect(summary.warnings).toEqual([
      `wandb: the checkpoint is of the W&B run ${first.hook.id}; as asked for, this training is the run mine`,
    ])
  })

  test('is remembered by a training without it', async () => {
    const first = await goOn([stopping(7)])
    await goOn([stopping(13)], { wandb: { mode: 'disabled' } })
    const { hook } = await goOn()
    expect(hook.id).toBe(first.hook.id)
  })

  test('goes on where its folder was moved with dir', async () => {
    const first = await goOn([stopping(10)])
    const moved = join(dir, 'moved')
    await rename(join(dir, 'wandb'), join(await made(moved), 'wandb'))
    const { hook } = await goOn([], { wandb: { dir: moved } })
    expect([hook.id, await readdir(join(moved, 'wandb'))]).toEqual([
      first.hook.id,
      [(first.hook.folder ?? '').split('/').at(-1)],
    ])
  })
})

async function made(folder: string): Promise<string> {
  await mkdir(folder)
  return folder
}

/** Puts something else in place of the log. */
async function spoil(folder: string, content: string): Promise<void> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.wandb'))
  await writeFile(join(folder, name), content)
}

async function shorten(folder: string): Promise<void> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.wandb'))
  await truncate(join(folder, name), 1600)
}
