import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RunState } from '@hookstep/catalogue'
import { journal } from '@hookstep/hook-metrics/node'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { command } from '../src/command/command.ts'
import { resuming, saving } from './checkpoints.ts'
import { pointsOf, Viewer } from './dashboard/viewer.ts'
import { temporaryFolder } from './processes.ts'
import { evaluated, small, trainWith } from './runs.ts'
import { telling } from './telling.ts'

let file: string

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  file = join(await temporaryFolder(), 'runs', 'first', 'journal.jsonl')
})

/** What a command line leads to, and what it prints. The page ends with the test. */
async function run(...args: readonly string[]): Promise<{ exitCode: number; output: string; url: string }> {
  const lines: string[] = []
  const print = (text: string): void => void lines.push(text)
  const { exitCode, until } = await command(args, print, print)
  if (until !== undefined) onTestFinished(until)
  const output = lines.join('\n')
  return { exitCode, output, url: /http:\S+/.exec(output)?.[0] ?? '' }
}

const stepsOf = (viewer: Viewer): number[] => pointsOf(viewer.run, 'train/loss').map(([step]) => step)

describe('view', () => {
  test('shows finished journals beside each other, of a folder as well', async () => {
    const second = join(dirname(dirname(file)), 'second', 'journal.jsonl')
    await trainWith([journal(file), telling(9)], evaluated)
    await trainWith([journal(second)], { ...evaluated, learningRate: 0.01 })
    const { exitCode, output, url } = await run('view', file, dirname(second), '--port', '0')
    expect([exitCode, output]).toEqual([0, `${url} shows 2 runs until Ctrl-C`])
    const viewer = await Viewer.open(url)
    await viewer.until(
      () => viewer.runs.every(({ series }) => series.size > 0) && viewer.run.media.length === 4,
    )
    expect(
      viewer.runs.map(({ about, status }) => [about.name, about.file, status.state, status.step]),
    ).toEqual([
      ['first', file, 'finished', 16],
      ['second', second, 'finished', 16],
    ])
    expect(stepsOf(viewer)).toEqual([4, 8, 12, 16])
    expect(viewer.runs.map(({ about }) => about.configuration)).toMatchObject([
      { learningRate: 0.05 },
      { learningRate: 0.01 },
    ])
  })

  test('follows a journal that grows, line by whole line', async () => {
    await trainWith([journal(file)], small)
    const whole = await readFile(file, 'utf8')
    const middle = whole.indexOf('"step":12') + 5
    await writeFile(file, whole.slice(0, middle))
    const viewer = await Viewer.open((await run('view', file, '--port=0')).url)
    await viewer.until(() => stepsOf(viewer).length === 2)
    expect(viewer.run.status).toMatchObject({
      state: 'running',
      step: 8,
      secondsLeft: viewer.run.status.seconds,
    })
    await appendFile(file, whole.slice(middle, middle + 5))
    await appendFile(file, whole.slice(middle + 5))
    await viewer.until(() => viewer.run.status.state === 'finished')
    expect(stepsOf(viewer)).toEqual([4, 8, 12, 16])
  })

  test('shows a run that goes on as if it had not been interrupted', async () => {
    const states: RunState[] = []
    await trainWith([journal(file), saving(9, states)], small)
    const { size } = await stat(file)
    const viewer = await Viewer.open((await run('view', file, '--port=0')).url)
    await viewer.until(() => viewer.run.status.state === 'finished')
    await trainWith([journal(file), resuming(states[0])], { ...small, epochs: 3 })
    // It has been cut and is longer already: only what is in it tells.
    expect((await stat(file)).size).toBeGreaterThan(size)
    await viewer.until(() => viewer.run.status.step === 24)
    expect(stepsOf(viewer)).toEqual([4, 8, 12, 16, 20, 24])
  })

  test('tells of a file that goes away or is damaged, and goes on when it is there again', async () => {
    await trainWith([journal(file)], small)
    const whole = await readFile(file, 'utf8')
    const viewer = await Viewer.open((await run('view', file, '--port=0')).url)
    const reason = (): string => viewer.run.status.reason ?? ''
    await rm(file)
    await viewer.until(() => reason().includes('ENOENT'))
    await writeFile(file, whole)
    await viewer.until(() => viewer.run.status.state === 'finished' && reason() === '')
    await truncate(file, 0)
    await writeFile(file, `${whole.split('\n')[0]}\n{"type":"lo\n`)
    await viewer.until(() => reason().includes('line 2 is no row of a journal: {"type":"lo'))
  })
})

describe('the command', () => {
  test('helps, and refuses what it does not understand', async () => {
    expect((await run('--help')).output).toContain('npx @hookstep/hook-metrics view FILE... [flags]')
    expect((await run('view', '-h')).exitCode).toBe(0)
    await trainWith([journal(file)], small)
    await writeFile(`${file}.txt`, 'to be\nor not to be\n')
    const refused = [
      [],
      ['veiw', file],
      ['view'],
      ['view', file, '--prot', '1'],
      ['view', file, '--port', 'x'],
      ['view', file, '--port', '70000'],
      ['view', join(dirname(file), 'nowhere.jsonl')],
      ['view', `${file}.txt`],
    ]
    const answers: string[] = []
    for (const args of refused) {
      const { exitCode, output } = await run(...args)
      answers.push(`${exitCode} ${output.split('\n')[0]}`.replaceAll(dirname(file), 'FOLDER'))
    }
    expect(answers).toEqual([
      '2 Shows the runs whose journals are named, on a page in the browser, side by side.',
      '2 there is no subcommand veiw; there is view',
      '2 view: name the journals to look at, such as runs/*/journal.jsonl',
      expect.stringMatching(/^2 Unknown option '--prot'.* \(--help lists all flags\)$/),
      '2 --port x: takes a whole number up to 65535, or 0 for any that is free',
      '2 --port 70000: takes a whole number up to 65535, or 0 for any that is free',
      "1 ENOENT: no such file or directory, open 'FOLDER/nowhere.jsonl'",
      '1 FOLDER/journal.jsonl.txt: line 1 is no row of a journal: to be',
    ])
  })
})
