import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readJournal } from '@hookstep/hook-metrics/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp, type Ended, start } from './built.ts'

const folder = mkdtempSync(join(tmpdir(), 'digits-'))
beforeAll(buildApp)
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]): Promise<Ended> => start(...args, '--out', join(folder, args.join(''))).ended

/** A line of the report's list of facts. */
const fact = (name: string, { stdout }: Ended): string | undefined =>
  stdout.match(new RegExp(`^${name} +(.*)$`, 'm'))?.[1]

const shareRead = ({ stdout }: Ended): number => Number(/test digits, (.*) %:/.exec(stdout)?.[1])

describe('digits', { timeout: 60_000 }, () => {
  it('reads nine of ten test digits after 300 steps on wasm, and says so', async () => {
    const ended = await run('--steps', '300')
    expect(shareRead(ended)).toBeGreaterThanOrEqual(90)
    expect(ended.exitCode).toBe(0)
    expect(ended.stdout).toMatch(/^step 50\/300 .* loss /m)
    expect(fact('model', ended)).toBe('mlp, 101,770 parameters, backend wasm')
    expect(fact('training', ended)).toMatch(/^300 steps \(4\.48 epochs\) in [\d.]+ seconds$/)
  })

  it('learns the same numbers twice from one seed, and others from another', async () => {
    const short = ['--steps', '12', '--quiet', '--model']
    const runs = [
      await run(...short, 'mlp', '--seed=1'),
      await run('--seed=1', ...short, 'mlp'),
      await run(...short, 'mlp', '--seed=2'),
    ]
    const [first, again, other] = runs.map((ended) => fact('parameters', ended))
    expect(first).toMatch(/^sha256 [0-9a-f]{64}$/)
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })

  it('writes a journal of what was logged and evaluated', async () => {
    const ended = await run('--steps', '20', '--log-every', '10 steps', '--eval-every', '50%', '--quiet')
    const rows = await readJournal(fact('journal', ended) as string)
    const steps = rows.map((row) => `${row.type} ${row.step}`)
    expect(steps).toEqual(['start 0', 'log 10', 'evaluation 10', 'log 20', 'evaluation 20', 'finished 20'])
  })

  it.each([
    ['a convolutional network', '--model', 'cnn', '--steps', '3'],
    [
      'the cpu engine, accumulating and clipping',
      '--backend=cpu',
      '--steps=3',
      '--batch-size=8',
      '--accumulate=2',
      '--clip=1',
    ],
  ])('trains %s', async (_, ...args) => {
    const ended = await run(...args, '--quiet')
    expect(fact('training', ended)).toMatch(/^3 steps/)
    expect(ended.exitCode).toBe(0)
  })

  it('explains who listens to what without training', async () => {
    const { stdout } = await run('--explain')
    expect(stdout).toContain('train.checkpoint: fingerprint')
    expect(stdout).not.toContain('test digits')
  })

  it('answers a wrong flag in one line', async () => {
    expect(await run('--modle', 'cnn')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: '--modle: there is no such flag; did you mean --model? (--help lists all flags)\n',
    })
    expect(await run('--backend', 'gpu')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: '--backend gpu: there is no such backend; there are wasm, cpu\n',
    })
  })

  it('answers a run that cannot go on in one line', async () => {
    const ended = await run('--learning-rate', '1e30', '--schedule', 'constant', '--quiet')
    expect(ended).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^the loss of step \d+ is (NaN|Infinity); try a lower learning rate.*\n$/,
      ),
    })
  })
})

describe('an interrupt', { timeout: 60_000 }, () => {
  /** Long steps, so that a signal comes in the middle of one. */
  const slow = (): string[] => [
    '--batch-size',
    '2000',
    '--log-every',
    '1 steps',
    '--out',
    join(folder, 'slow'),
  ]

  it('ends the run after the step under way, with a report', async () => {
    const running = start(...slow())
    await running.printed('step 1/')
    running.process.kill('SIGINT')
    const { exitCode, stdout } = await running.ended
    expect(stdout).toMatch(/^Stopped early \(SIGINT\)\. Reads \d+ of 1,000 test digits/m)
    expect(exitCode).toBe(130)
  })

  it('ends the run at once the second time', async () => {
    const running = start(...slow())
    await running.printed('step 1/')
    running.process.kill('SIGTERM')
    running.process.kill('SIGINT')
    const { exitCode, stdout } = await running.ended
    expect(stdout).toMatch(/^Ended at once, untested, after \d+ steps/m)
    expect(exitCode).toBe(130)
  })
})
