import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Hook, type RunState, train } from '@hookstep/catalogue'
import { type MetricsOptions, metrics, readJournal } from '@hookstep/hook-metrics/node'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { together } from '../src/together.ts'
import { resuming, saving, stoppingAfter } from './checkpoints.ts'
import { eventsIn } from './event-files.ts'
import { temporaryFolder } from './processes.ts'
import { at, small, trainWith } from './runs.ts'

let folder: string
let printed: string
let options: MetricsOptions

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  folder = await temporaryFolder()
  printed = ''
  options = {
    console: { terminal: { write: (text) => (printed += text) } },
    journal: join(folder, 'journal.jsonl'),
    csv: join(folder, 'numbers.csv'),
    tensorBoard: join(folder, 'events'),
  }
})

describe('metrics', () => {
  test('write, show and measure what is asked for', async () => {
    await trainWith([metrics(options)], { ...small, epochs: 1 })
    expect((await readdir(folder)).sort()).toEqual(['events', 'journal.jsonl', 'numbers.csv'])
    const rows = await readJournal(join(folder, 'journal.jsonl'))
    expect(rows.map((row) => (row.type === 'measured' ? `${row.source} ${row.step}` : row.type))).toEqual([
      'start',
      'log',
      'throughput 4',
      'log',
      'throughput 8',
      'system 8',
      'finished',
    ])
    expect(printed).toMatch(/^step 4\/8 .*\nstep 8\/8 .*\nfinished at step 8\/8 .*\n$/)
    expect(await readFile(join(folder, 'numbers.csv'), 'utf8')).toContain(',system,rss_bytes,')
  })

  test('go on together when a run is resumed', async () => {
    const states: RunState[] = []
    await trainWith([metrics(options), saving(9, states), stoppingAfter(14)], small)
    const { warnings } = await trainWith([metrics(options), resuming(states[0])], small)
    expect(warnings).toEqual([])
    const logs = (await readJournal(join(folder, 'journal.jsonl'))).filter(({ type }) => type === 'log')
    expect(logs.map(({ step }) => step)).toEqual([4, 8, 12, 16])
    expect((await eventsIn(join(folder, 'events')))[1]?.slice(0, 2)).toEqual(['brain.Event:2', 'START 10'])
  })

  test('say which of them warns, and which has no state', async () => {
    const states: RunState[] = []
    await trainWith([metrics({ console: false, journal: options.journal ?? '' }), saving(9, states)], small)
    const again = { ...options, journal: options.journal ?? '', console: false }
    const { warnings } = await trainWith([metrics(again)], small)
    expect(warnings).toEqual([
      expect.stringMatching(/^metrics: journal: .*journal\.jsonl is there already and is kept/),
    ])
    const { warnings: resumed } = await trainWith(
      [metrics({ ...again, csv: join(folder, 'more.csv') }), resuming(states[0])],
      small,
    )
    expect(resumed.slice(0, 2)).toEqual([
      'metrics: no state was saved for csv: it starts fresh',
      'metrics: no state was saved for tensorboard: it starts fresh',
    ])
  })

  test('show a bar and measure when nothing is said, and nothing at all when all is off', async () => {
    const { warnings } = await trainWith(
      [metrics({ console: false, system: false, throughput: false })],
      small,
    )
    expect(warnings).toEqual([])
  })

  test('show a page that knows of the journal', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const states: RunState[] = []
    const written = { console: false, journal: options.journal ?? '' }
    await trainWith([metrics(written), saving(9, states)], small)
    const pages: unknown[] = []
    const looking = at(train.step.post, async ({ step }) => {
      const [, url] = /^live page: (\S+)$/.exec(String(log.mock.calls[0]?.[0])) ?? []
      if (step === 16) pages.push((await fetch(url ?? '')).status)
    })
    await trainWith([metrics({ ...written, dashboard: { port: 0 } }), resuming(states[0]), looking], small)
    expect([pages, log.mock.calls.length]).toEqual([[200], 1])
  })

  test('refuse an option that there is not', () => {
    expect(() => metrics({ tensorboard: 'runs' } as never)).toThrow(
      'metrics: there is no option tensorboard; there are console, csv, dashboard, journal, mlflow,',
    )
    expect(() => metrics({ journal: '' })).toThrow('journal(""): name a file')
  })
})

describe('hooks together', () => {
  const told: string[] = []
  const hook = (name: string, at?: 'setup' | 'cleanup'): Hook => ({
    name,
    setup() {
      if (at === 'setup') throw new Error(`${name} cannot be set up`)
      told.push(`${name} begins`)
      return () => {
        told.push(`${name} ends`)
        if (at === 'cleanup') throw new Error(`${name} cannot end`)
      }
    },
  })

  beforeEach(() => void told.splice(0))

  test('end, the last first, all of them though one fails', async () => {
    const both = together('both', [hook('first'), hook('second', 'cleanup')])
    await expect(trainWith([both], small)).rejects.toThrow('second cannot end')
    expect(told).toEqual(['first begins', 'second begins', 'second ends', 'first ends'])
  })

  test('end where one of them cannot be set up', async () => {
    const both = together('both', [hook('first'), hook('second', 'setup'), hook('third')])
    await expect(trainWith([both], small)).rejects.toThrow(
      'Hook "both" failed at setup: second cannot be set up',
    )
    expect(told).toEqual(['first begins', 'first ends'])
  })
})
