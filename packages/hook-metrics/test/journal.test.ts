import { appendFile, chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { evaluate, every, type Hook, type RunState, train, type Values } from '@hookstep/catalogue'
import { type JournalRow, parseJournal } from '@hookstep/hook-metrics'
import { journal, readJournal } from '@hookstep/hook-metrics/node'
import { faultyHook, line } from '@hookstep/testing'
import { type Dataset, inMemoryGroup, type NdArray, type TrainerOptions } from '@hookstep/trainer'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import schema from '../journal.schema.json' with { type: 'json' }
import { encodePng } from '../src/png.ts'
import { resuming, saving, stoppingAfter } from './checkpoints.ts'
import { bundle, shell, temporaryFolder } from './processes.ts'
import { at, evaluated, small, trainWith } from './runs.ts'
import { shown, telling } from './telling.ts'

let file: string

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  file = join(await temporaryFolder(), 'runs', 'first', 'journal.jsonl')
})

/** What a row tells that is the same each time, on every machine. */
function place(row: JournalRow): string {
  const { type, step, epoch, samples } = row
  const numbers = 'values' in row ? `: ${Object.keys(row.values).join(' ')}` : ''
  return `${type} at step ${step}, epoch ${epoch}, ${samples} samples${numbers}`
}

/** And what is the same on this machine. */
function told({ seconds, ...row }: JournalRow): unknown {
  return row.type === 'start' ? place({ ...row, seconds }) : row
}

const at4 = { step: 4, epoch: 0.5, samples: 32 }

describe('a journal', () => {
  test('tells how a run began, what it measured and how it ended', async () => {
    const measured: Values[] = []
    const listening: Hook = {
      name: 'listening',
      setup(run) {
        run.subscribe(train.log, ({ values }) => measured.push(values))
        run.subscribe(evaluate.post, ({ values }) => measured.push(values))
      },
    }
    await trainWith([journal(file), listening], { ...evaluated, maxGradientNorm: 1 })
    const rows = await readJournal(file)
    expect(rows.map(place)).toMatchInlineSnapshot(`
      [
        "start at step 0, epoch 0, 0 samples",
        "log at step 4, epoch 0.5, 32 samples: loss absolute_error gradient_norm learning_rate",
        "log at step 8, epoch 1, 64 samples: loss absolute_error gradient_norm learning_rate",
        "evaluation at step 8, epoch 1, 64 samples: loss absolute_error",
        "log at step 12, epoch 1.5, 96 samples: loss absolute_error gradient_norm learning_rate",
        "log at step 16, epoch 2, 128 samples: loss absolute_error gradient_norm learning_rate",
        "evaluation at step 16, epoch 2, 128 samples: loss absolute_error",
        "finished at step 16, epoch 2, 128 samples",
      ]
    `)
    expect(rows.flatMap((row) => ('values' in row ? [row.values] : []))).toEqual(measured)
    const { run, date, ...start } = rows[0] as JournalRow & { type: 'start' }
    expect([run, date]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), new Date(date).toISOString()])
    expect(start).toMatchObject({
      version: 2,
      versions: { hookstep: expect.any(String), node: process.versions.node },
      worldSize: 1,
      configuration: { batchSize: 8, epochs: 2, maxGradientNorm: 1 },
    })
  })

  test('tells why a run stopped, and why one failed', async () => {
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 3 })
    await trainWith([journal(file), stoppingAfter(2)], small)
    await trainWith([journal(file), failing], small).catch(() => {})
    const ends = [...(await readJournal(file)), ...(await readJournal(file.replace('.jsonl', '-2.jsonl')))]
    expect(ends.filter(({ type }) => type !== 'start').map(told)).toMatchInlineSnapshot(`
      [
        {
          "aborted": false,
          "epoch": 0.25,
          "reason": "enough seen",
          "requestedBy": "critic",
          "samples": 16,
          "step": 2,
          "type": "stopped",
        },
        {
          "at": "train.step.post",
          "epoch": 0.375,
          "error": "Hook "faulty" failed at train.step.post: faulty on purpose",
          "samples": 24,
          "step": 3,
          "type": "failed",
        },
      ]
    `)
  })

  test('keeps what JSON has no number for', async () => {
    const { length, batch } = line({ samples: 24 })
    const factors = [NaN, Infinity, 1]
    const spoilt: Dataset = {
      length,
      async batch(indices, random) {
        const { inputs, targets } = (await batch(indices, random)) as Record<'inputs' | 'targets', NdArray>
        const factor = factors[Math.floor((indices[0] as number) / 8)] as number
        return { inputs, targets: { ...targets, data: Float32Array.from(targets.data, (y) => y * factor) } }
      },
    }
    const options: Omit<TrainerOptions, 'hooks'> = { ...small, data: spoilt, epochs: 1, shuffle: false }
    await trainWith([journal(file)], { ...options, log: every('1 step'), nonFiniteLoss: 'skip' })
    const losses = (await readJournal(file)).flatMap((row) => (row.type === 'log' ? [row.values.loss] : []))
    expect(losses).toEqual([NaN, Infinity, expect.any(Number)])
    expect(await readFile(file, 'utf8')).toContain('"loss":"NaN"')
  })

  test('keeps what hooks measure and show', async () => {
    await trainWith([journal(file), telling(4)], small)
    const rows = await readJournal(file)
    const image = rows.find((row) => row.type === 'media' && row.media.kind === 'image')
    expect(
      rows.flatMap((row) => (row.type === 'measured' || row.type === 'media' ? [told(row)] : [])),
    ).toEqual([
      { ...at4, type: 'measured', source: 'system', values: { cpu_percent: 12.5, broken: NaN } },
      ...Object.entries(shown).map(([name, media]) => ({
        ...at4,
        type: 'media',
        name,
        media:
          media.kind === 'image' ? expect.objectContaining({ kind: 'image', width: 2, height: 1 }) : media,
      })),
    ])
    expect(image).toMatchObject({ media: { png: Buffer.from(encodePng(shown.picture)).toString('base64') } })
  })

  test('is what its published schema says', async () => {
    const failing = faultyHook({ at: train.step.post, fault: 'throws', delivery: 3 })
    await trainWith([journal(file), telling(3)])
    await trainWith([journal(file), stoppingAfter(2)])
    await trainWith([journal(file), failing]).catch(() => {})
    const texts = await Promise.all(
      (await readdir(dirname(file))).map((name) => readFile(join(dirname(file), name), 'utf8')),
    )
    const rows = texts.flatMap((text) => text.trimEnd().split('\n')).map((row) => JSON.parse(row) as object)
    const validate = new Ajv2020({ strict: true, allErrors: true, strictRequired: false }).compile(schema)
    expect(rows.flatMap((row) => (validate(row) ? [] : [{ row, errors: validate.errors }]))).toEqual([])
    const kinds = new Set(rows.map((row) => (row as JournalRow).type))
    expect([...kinds].sort().join(' ')).toBe('evaluation failed finished log measured media start stopped')
    const log = rows.find((row) => 'values' in row)
    const others = ['NaN', 'nan', null].map((loss) => validate({ ...log, values: { loss } }))
    expect(others).toEqual([true, false, false])
    expect(rows.map((row) => validate({ ...row, step: 0.5 }) || validate({ ...row, more: 1 }))).not.toContain(
      true,
    )
  })

  test('is written by the main rank alone', async () => {
    const groups = inMemoryGroup(2)
    await Promise.all(
      groups.map((distributed) => trainWith([journal(file)], { ...small, batchSize: 4, distributed })),
    )
    expect(await readdir(dirname(file))).toEqual(['journal.jsonl'])
    expect((await readJournal(file)).map(place).at(-1)).toBe('finished at step 16, epoch 2, 128 samples')
  })
})

describe('a file that is there already', () => {
  test('is kept: the run writes one beside it, and says so', async () => {
    const [first, second] = [journal(file), journal(file)]
    await trainWith([first], small)
    const before = await readFile(file, 'utf8')
    const { warnings } = await trainWith([second], small)
    expect([first.file, second.file]).toEqual([file, join(dirname(file), 'journal-2.jsonl')])
    expect(await readFile(file, 'utf8')).toBe(before)
    expect(warnings).toEqual([
      `journal: ${file} is there already and is kept; this run is written to ${second.file}`,
    ])
    expect((await readJournal(second.file)).map(told)).toEqual(parseJournal(before).map(told))
  })
})

describe('a run that is resumed', () => {
  /** All but how it began, and how it ended before. */
  const measured = (rows: readonly JournalRow[]): unknown[] =>
    rows.filter(({ type }) => type === 'log' || type === 'evaluation').map(told)

  test('goes on in its journal, and has no row twice and none missing', async () => {
    const whole = join(dirname(file), 'whole.jsonl')
    await trainWith([journal(whole)])
    const states: RunState[] = []
    await trainWith([journal(file), saving(9, states), stoppingAfter(14)])
    await trainWith([journal(file), resuming(states[0])])
    const rows = await readJournal(file)
    expect(measured(rows)).toEqual(measured(await readJournal(whole)))
    expect(rows.flatMap((row) => (row.type === 'start' ? [[row.step, row.run]] : []))).toEqual([
      [0, (rows[0] as { run?: string }).run],
      [9, (rows[0] as { run?: string }).run],
    ])
    expect(await readdir(dirname(file))).toEqual(['journal.jsonl', 'whole.jsonl'])
  })

  test('finds the file with a number that it had', async () => {
    await trainWith([journal(file)], small)
    const states: RunState[] = []
    await trainWith([journal(file), saving(9, states), stoppingAfter(14)], small)
    const again = journal(file)
    await trainWith([again, resuming(states[0])], small)
    expect(again.file).toBe(join(dirname(file), 'journal-2.jsonl'))
    expect((await readJournal(again.file)).map(({ type, step }) => `${type} ${step}`).join(', ')).toBe(
      'start 0, log 4, log 8, start 9, log 12, log 16, finished 16',
    )
  })

  test.each([
    ['is gone', () => rm(file)],
    [
      'belongs to another run',
      async () => writeFile(file, (await readFile(file, 'utf8')).replace(/"run":"../, '"run":"**')),
    ],
    ['is shorter than it was', () => writeFile(file, '')],
  ])('begins another where its journal %s, and says so', async (_, spoil) => {
    const states: RunState[] = []
    await trainWith([journal(file), saving(9, states)], small)
    await spoil()
    const again = journal(file)
    const { warnings } = await trainWith([again, resuming(states[0])], small)
    expect(warnings).toEqual([
      `journal: the journal of the run that goes on is not at ${file}; ${again.file} begins at this step`,
    ])
    expect((await readJournal(again.file)).map(({ type, step }) => `${type} ${step}`).join(', ')).toBe(
      'start 9, log 12, log 16, finished 16',
    )
  })
})

describe('a crash', () => {
  test('loses nothing that a checkpoint came after, and leaves whole lines', async () => {
    const script = await bundle('journal', dirname(dirname(dirname(file))))
    const { signal } = await shell(`exec node ${script} ${file} 5000`, (output, child) => {
      if (output.includes('checkpoint 500')) child.kill('SIGKILL')
    })
    const text = await readFile(file, 'utf8')
    const steps = parseJournal(text).flatMap((row) => (row.type === 'log' ? [row.step] : []))
    expect([signal, text.at(-1), steps.length >= 500]).toEqual(['SIGKILL', '\n', true])
    expect(steps).toEqual(steps.map((_, i) => i + 1))
  })

  test('that cuts the last line leaves the others', async () => {
    await trainWith([journal(file)], small)
    const rows = await readJournal(file)
    await appendFile(file, '{"type":"log","step":17,"epo')
    expect(await readJournal(file)).toEqual(rows)
  })

  test('loses no row that is a second old', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const seen: number[] = []
    const looking = at(train.step.post, async ({ step }) => {
      if (step !== 6) return
      seen.push((await readJournal(file)).length)
      vi.advanceTimersByTime(1000)
      vi.useRealTimers()
      seen.push(await vi.waitUntil(async () => (await readJournal(file)).length))
    })
    await trainWith([journal(file), looking], small)
    expect(seen).toEqual([0, 2])
  })
})

describe('says what is wrong', () => {
  test('with a file that has no name', () => {
    expect(() => journal('')).toThrow(`journal(""): name a file, such as 'runs/digits/journal.jsonl'`)
  })

  test('with a folder that cannot be made', async () => {
    await mkdir(dirname(dirname(file)), { recursive: true })
    await writeFile(dirname(file), 'a file, no folder')
    await expect(trainWith([journal(file)], small)).rejects.toThrow(
      `Hook "journal" failed at setup: ${file} cannot be written: EEXIST`,
    )
  })

  test.runIf(process.platform === 'linux')('with a folder in a file system that makes none', async () => {
    await expect(trainWith([journal('/proc/hookstep/journal.jsonl')], small)).rejects.toThrow(
      'Hook "journal" failed at setup: /proc/hookstep/journal.jsonl cannot be written: ENOENT',
    )
  })

  test('with a folder that may not be written', async () => {
    const folder = dirname(file)
    const script = await bundle('journal', dirname(dirname(folder)))
    await mkdir(folder, { recursive: true })
    for (const above of [folder, dirname(folder), dirname(dirname(folder))]) await chmod(above, 0o555)
    const { code, output } = await shell(`exec node ${script} ${file} 10 unprivileged`)
    for (const above of [folder, dirname(folder), dirname(dirname(folder))]) await chmod(above, 0o755)
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining(`Hook "journal" failed at setup: ${file} cannot be written: EACCES`),
    })
  })

  test('with a disk that is full: the run fails', async () => {
    const script = await bundle('journal', dirname(dirname(dirname(file))))
    const { code, output } = await shell(`ulimit -f 16; exec node ${script} ${file} 5000`)
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/Hook "journal" failed at .*journal\.jsonl cannot be written: EFBIG/),
    })
    const steps = (await readJournal(file)).flatMap((row) => (row.type === 'log' ? [row.step] : []))
    expect(steps).toEqual(steps.map((_, i) => i + 1))
  })

  test('with a disk that is full, also when the run fails of something else', async () => {
    const script = await bundle('journal', dirname(dirname(dirname(file))))
    const { output } = await shell(`ulimit -f 0; exec node ${script} ${file} 10 failing`)
    expect(output).toContain(`${file} cannot be written: EFBIG`)
    expect(output).toContain('Hook "failing" failed at train.step.post: something else')
  })

  test('with a line that is no row', async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, '{"type":"finished","step":1,"epoch":1,"samples":1,"seconds":1}\n{"type":"lo\n[]\n')
    await expect(readJournal(file)).rejects.toThrow(`${file}: line 2 is no row of a journal: {"type":"lo`)
    await expect(readJournal(`${file}x`)).rejects.toThrow('ENOENT')
    expect(() => parseJournal('{"type":"start","version":3}\n')).toThrow(
      'this journal is of version 3; versions 1 and 2 are known here',
    )
  })
})
