import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
    expect(stdout).toContain('train.checkpoint: checkpoint')
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
  const args = ['--steps', '40', '--log-every', '1 steps', '--accumulate', '4']

  it('saves the run, which goes on to the same bits as one that was not interrupted', async () => {
    const out = join(folder, 'interrupted')
    const running = start(...args, '--out', out)
    await running.printed('step 5/')
    running.process.kill('SIGINT')
    const { exitCode, stdout } = await running.ended
    expect(stdout).toMatch(/^SIGINT: saved, untested, after \d+ steps/m)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(`Go on with: npm start -- --resume ${out}`)
    expect(exitCode).toBe(130)

    const resumed = await start('--resume', out, '--quiet').ended
    expect(fact('training', resumed)).toMatch(/^40 steps/)
    expect(fact('parameters', resumed)).toBe(fact('parameters', await run(...args)))
  })

  it('that comes twice at once, from a terminal and from npm, is one', async () => {
    // Long steps: both signals come within one.
    const running = start('--batch-size', '2000', '--log-every', '1 steps', '--out', join(folder, 'twice'))
    await running.printed('step 1/')
    running.process.kill('SIGTERM')
    running.process.kill('SIGINT')
    const { exitCode, stdout } = await running.ended
    expect(stdout).toMatch(/^SIG(TERM|INT): saved, untested/m)
    // Which of the two is delivered first is the system's choice.
    expect([130, 143]).toContain(exitCode)
  })
})

describe('a folder with a run', { timeout: 60_000 }, () => {
  it('is not begun twice, and a folder without one is not resumed', async () => {
    const out = join(folder, 'taken')
    await start('--steps', '2', '--quiet', '--out', out).ended
    expect(await start('--steps', '2', '--out', out).ended).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `--out ${out}: there is a run in it; go on with it by --resume ${out}, or name another\n`,
    })
    const nowhere = await start('--resume', join(folder, 'nowhere')).ended
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([2, expect.stringContaining('no run was begun there')])
  })

  it('that is finished goes on with more steps', async () => {
    const out = join(folder, 'longer')
    await start('--steps', '5', '--schedule', 'constant', '--quiet', '--out', out).ended
    const longer = await start('--resume', out, '--steps', '8').ended
    expect(fact('training', longer)).toMatch(/^8 steps/)
  })
})

describe("callbacks of the user's", { timeout: 60_000 }, () => {
  const module = join(folder, 'callbacks.mjs')
  beforeAll(() =>
    writeFileSync(
      module,
      `class Fragile {
        onStepEnd({ step }) { if (step > 3) throw new Error('step ' + step + ' is too much') }
      }
      export default [new Fragile()]`,
    ),
  )
  const args = ['--steps', '5', '--quiet', '--callbacks', module]

  it('fail without ending the run, and are told of', async () => {
    const { exitCode, stderr } = await run(...args)
    expect(stderr).toContain('failed 2 times, first at Fragile.onStepEnd: step 4 is too much')
    expect(exitCode).toBe(0)
  })

  it('fail the command where it is to be strict', async () => {
    expect((await run(...args, '--strict')).exitCode).toBe(3)
  })
})
