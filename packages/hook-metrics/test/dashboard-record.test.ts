import { describe, expect, test } from 'vitest'
import { RunStore } from '../page/run-store.ts'
import { smooth } from '../page/smooth.ts'
import { Board } from '../src/dashboard/board.ts'
import type { Update } from '../src/dashboard/protocol.ts'
import { Reader } from '../src/dashboard/reader.ts'
import { runNames } from '../src/dashboard/run-names.ts'
import { RunRecord } from '../src/dashboard/run-record.ts'
import { Series } from '../src/dashboard/series.ts'
import type { JournalRow, RowPosition, StartRow } from '../src/rows.ts'
import { pointsOf } from './dashboard/viewer.ts'

const place = (step: number, seconds = step): RowPosition => ({
  step,
  epoch: step / 10,
  samples: step * 8,
  seconds,
})
const log = (step: number, values: Record<string, number>): JournalRow => ({
  type: 'log',
  ...place(step),
  values,
})
const start = (step: number): StartRow => ({
  type: 'start',
  version: 2,
  ...place(step),
  run: 'one',
  date: '2026-11-22T00:00:00.000Z',
  versions: {},
  worldSize: 1,
  configuration: {},
})

/** Everything that a reader has to tell. */
function readAll(reader: Reader): Update[] {
  const updates: Update[] = []
  for (let next = reader.next(); next !== undefined; next = reader.next()) updates.push(next)
  return updates
}

/** A page that looks at a board. */
function pageOf(board: Board): { store: RunStore; look: () => Update[] } {
  const [store, reader] = [new RunStore(), new Reader(board)]
  const look = (): Update[] => {
    const updates = readAll(reader)
    for (const update of updates) store.apply(JSON.parse(JSON.stringify(update)) as Update)
    return updates
  }
  return { store, look }
}

describe('a series of 100,000 points', () => {
  test('keeps its peaks, its last point and its order in bounded memory', () => {
    const series = new Series(1024)
    const peaks = new Map([
      [31_415, 1000],
      [77_777, -1000],
    ])
    for (let step = 1; step <= 100_000; step++) {
      series.add(step, step / 10, peaks.get(step) ?? Math.sin(step / 5000))
    }
    const { steps, seconds, values } = series.points
    expect(series.length).toBeLessThanOrEqual(1024)
    expect(series.length).toBeGreaterThan(1024 / 4)
    for (const [step, value] of peaks) expect(values[steps.indexOf(step)]).toBe(value)
    expect([steps.at(-1), values.at(-1)]).toEqual([100_000, Math.sin(20)])
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    // As dense at the beginning as later on.
    const gaps = steps.slice(1).map((step, i) => step - (steps[i] as number))
    expect(Math.max(...gaps)).toBeLessThan(1500)
    expect(seconds).toEqual(steps.map((step) => step / 10))
  })

  test('has no number where there was none, and peaks beside it all the same', () => {
    const series = new Series(8)
    for (const [i, value] of [NaN, Infinity, 3, 1, NaN, NaN, NaN, NaN, 2].entries()) series.add(i, i, value)
    expect(series.points).toMatchObject({ values: [3, 1, NaN, NaN, 2], means: [2, 2, NaN, NaN, 2] })
  })

  test('is smoothed as if all of them were there', () => {
    const [thinned, whole] = [new Series(1024), new Series(200_000)]
    let state = 7
    for (let step = 1; step <= 100_000; step++) {
      state = (state * 48_271) % 2_147_483_647
      for (const series of [thinned, whole]) series.add(step, step, state / 2_147_483_647 + step / 50_000)
    }
    const [few, all] = [thinned, whole].map(({ points }) => smooth(points.means, points.counts, 0.999))
    const differences = thinned.points.steps.map((step, i) =>
      Math.abs((few?.[i] ?? 9) - (all?.[step - 1] ?? 0)),
    )
    expect(Math.max(...differences.slice(20))).toBeLessThan(0.05)
    expect(thinned.points.counts.reduce((sum, count) => sum + count, 0)).toBe(100_000)
  })
})

describe('one who looks', () => {
  test('is told what is new, once; of thinned or taken back points all that are left', () => {
    const board = new Board()
    const record = new RunRecord('live', { name: 'run' })
    board.show(record)
    const { store, look } = pageOf(board)
    const steps = (): number[] => store.runs.get('live')?.series.get('train/loss')?.steps ?? []
    record.take(start(0))
    for (const step of [1, 2, 3, 4]) record.take(log(step, { loss: step }))
    expect(look()[0]).toMatchObject({ reset: true })
    expect([steps(), look()]).toEqual([[1, 2, 3, 4], []])
    record.take(log(5, { loss: 5 }))
    const [update] = look()
    expect(update?.runs[0]?.series?.[0]).toMatchObject({ name: 'loss', steps: [5], values: [5] })
    // A run that goes on where a checkpoint was takes back what came after it.
    record.take(start(3))
    record.take(log(4, { loss: 40 }))
    look()
    expect(pointsOf(store.runs.get('live') as never, 'train/loss')).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 40],
    ])
    for (let step = 5; step <= 20_000; step++) record.take(log(step, { loss: step }))
    const whole = look()
    expect([steps().length, steps().at(0), steps().at(-1)]).toEqual([
      [...record.series].find(({ name }) => name === 'loss')?.series.length,
      1,
      20_000,
    ])
    // In pieces, so that training has its turn between them.
    expect(whole.length).toBeGreaterThan(1)
  })

  test('is told the same, however late and however slow', () => {
    const board = new Board()
    const record = new RunRecord('live', { name: 'run' })
    board.show(record)
    const pages = [pageOf(board), pageOf(board), pageOf(board)]
    for (let step = 1; step <= 40_000; step++) {
      record.take(log(step, { loss: Math.sin(step), accuracy: step }))
      if (step % 100 === 0) pages[0]?.look()
      if (step % 17_001 === 0) pages[1]?.look()
    }
    for (const { look } of pages) look()
    const known = pages.map(({ store }) => [...(store.runs.get('live')?.series.values() ?? [])])
    const points = known.map((all) =>
      all.map(({ name, steps, seconds, values }) => ({ name, steps, seconds, values })),
    )
    expect(points[1]).toEqual(points[0])
    expect(points[2]).toEqual(points[0])
  })

  test('sees how fast it goes, evaluations left out, until a hook measures that', () => {
    const board = new Board()
    const record = new RunRecord('live', { name: 'run' })
    board.show(record)
    const { store, look } = pageOf(board)
    const paces = (): unknown => pointsOf(store.runs.get('live') as never, 'throughput/samples_per_second')
    record.take(start(0))
    record.take({ ...log(10, {}), ...place(10, 10) } as JournalRow)
    record.take({ type: 'evaluation', ...place(10, 50), values: {} })
    record.take({ ...log(20, {}), ...place(20, 55) } as JournalRow)
    look()
    expect(paces()).toEqual([
      [10, 8],
      [20, 16],
    ])
    const values = { samples_per_second: 17 }
    record.take({ type: 'measured', ...place(20, 55), source: 'throughput', values })
    look()
    expect(paces()).toEqual([[20, 17]])
  })

  test('keeps the latest of what there is to look at', () => {
    const board = new Board()
    const record = new RunRecord('live', { name: 'run' })
    board.show(record)
    const { store, look } = pageOf(board)
    for (let step = 1; step <= 120; step++) {
      record.take({
        type: 'media',
        ...place(step),
        name: 'samples',
        media: { kind: 'text', text: `${step}` },
      })
      if (step % 7 === 0) look()
    }
    record.take({ type: 'media', ...place(120), name: 'other', media: { kind: 'text', text: '' } })
    look()
    const steps = store.runs.get('live')?.media.map(({ name, step }) => `${name} ${step}`)
    expect(steps).toEqual([...Array.from({ length: 50 }, (_, i) => `samples ${71 + i}`), 'other 120'])
    record.take(start(100))
    look()
    expect(store.runs.get('live')?.media.at(-1)?.step).toBe(100)
  })

  test('is spared names without end', () => {
    const record = new RunRecord('live', { name: 'run' })
    for (let i = 0; i < 3000; i++) record.take(log(i, { [`name ${i}`]: i }))
    expect([...record.series].length).toBe(1000)
  })
})

describe('a smoothed line', () => {
  test('begins at its first value, and leaves gaps where there is no number', () => {
    expect(
      smooth([8, null, 0, 0], [1, 1, 1, 1], 0.5).map((value) => value && Number(value.toFixed(4))),
    ).toEqual([8, null, 2.6667, 1.1429])
    expect(smooth([3, 1, 2], [1, 1, 1], 0)).toEqual([3, 1, 2])
  })
})

describe('the name of a run', () => {
  test.each([
    [[], []],
    [['runs/a/journal.jsonl'], ['a']],
    [['journal.jsonl'], [process.cwd().split('/').at(-1)]],
    [
      ['runs/a/journal.jsonl', 'runs/b/journal.jsonl'],
      ['a', 'b'],
    ],
    [
      ['runs/a/journal.jsonl', 'runs/a/journal-2.jsonl'],
      ['journal.jsonl', 'journal-2.jsonl'],
    ],
    [
      ['x/runs/a/journal.jsonl', 'x/other/b/journal.jsonl'],
      ['runs/a', 'other/b'],
    ],
    [
      ['runs/a/journal.jsonl', 'runs/a/b/journal.jsonl'],
      ['a', 'a/b'],
    ],
  ])('of %j is what tells it apart', (files, names) => {
    expect(runNames(files)).toEqual(names)
  })
})
