import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { every, type Hook, metrics, train } from '@hookstep/catalogue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type FileSystem, mounted } from './file-system.ts'
import { at, offline, recordsOf, toldBy, trainWith } from './runs.ts'

beforeEach(() => {
  vi.stubEnv('WANDB_SILENT', 'true')
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const often = { steps: 40, epochs: 1000, log: every('1 step') }

/** Leaves so many pages free before a step. */
function filling(disk: FileSystem, step: number, pages: number): Hook {
  return at(train.step.pre, (context) => (context.step === step ? disk.fillTo(pages) : undefined), 'filling')
}

function emptying(disk: FileSystem, step: number): Hook {
  return at(train.step.pre, (context) => (context.step === step ? disk.empty() : undefined), 'emptying')
}

test('a disk that is full for a while costs no row, and one warning', async (context) => {
  const disk = await mounted(256, context)
  const whole = offline(disk.path)
  await trainWith([whole], often)
  for (const pages of [0, 1]) {
    const hook = offline(disk.path)
    const { warnings } = await trainWith([hook, filling(disk, 5, pages), emptying(disk, 35)], often)
    expect(warnings).toEqual([
      expect.stringMatching(
        `^wandb: ${hook.folder}: the log cannot be written: ENOSPC.*The training goes on`,
      ),
    ])
    expect(toldBy(await recordsOf(hook))).toEqual(toldBy(await recordsOf(whole)))
    await rm(hook.folder ?? '', { recursive: true })
  }
})

test('a disk that stays full costs what comes after, not what came before, and not the training', async (context) => {
  const disk = await mounted(256, context)
  const whole = offline(disk.path)
  await trainWith([whole], often)
  const hook = offline(disk.path)
  const { outcome, warnings } = await trainWith([hook, filling(disk, 20, 0)], often)
  expect([outcome, ...warnings]).toEqual([
    'finished',
    expect.stringContaining('the log cannot be written: ENOSPC'),
    expect.stringMatching(/: the last \d+ bytes of the log could not be written$/),
  ])
  const rows = toldBy(await recordsOf(hook))
  expect(rows.length).toBeGreaterThan(10)
  expect(rows).toEqual(toldBy(await recordsOf(whole)).slice(0, rows.length))
})

test('a disk that is full from the beginning is written when there is room', async (context) => {
  const disk = await mounted(256, context)
  await disk.fillTo(0)
  const hook = offline(disk.path)
  const { warnings } = await trainWith([hook, emptying(disk, 30)], often)
  expect(warnings).toEqual([expect.stringContaining('the log cannot be written: ENOSPC')])
  expect(toldBy(await recordsOf(hook)).filter((row) => 'loss' in row)).toHaveLength(40)
})

test('in a strict run, a disk that is full ends the training', async (context) => {
  const disk = await mounted(256, context)
  const hook = offline(disk.path, { strict: true })
  await expect(trainWith([hook, filling(disk, 5, 0)], { ...often, steps: 4000 })).rejects.toThrow(
    `${hook.folder ?? join(disk.path, 'wandb')}`,
  )
})

test('what waits for room is bounded, and what has none is counted', async (context) => {
  const disk = await mounted(64, context)
  const hook = offline(disk.path)
  const names = Array.from({ length: 200 }, (_, at) => `${at} ${'x'.repeat(5000)}`)
  const large = Object.fromEntries(names.map((name) => [name, 1]))
  const measuring = at(train.step.post, ({ step }, run) => {
    const { distributed, progress } = run
    const measured = { distributed, progress, step, source: 'statistics', values: large }
    return step <= 20 ? run.trigger(metrics.measured, measured) : undefined
  })
  const { warnings } = await trainWith([hook, measuring], often)
  expect(warnings).toEqual([
    expect.stringContaining('up to 16 MB of records wait in memory'),
    expect.stringMatching(
      /: \d+ records were dropped, as there was no room in memory either; the last 1[67]\d{6} bytes of the log/,
    ),
  ])
})
