import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { evaluate, type Media, metrics, type Run, train } from '@hookstep/catalogue'
import type { LogRecord } from '@hookstep/hook-wandb'
import { wandb } from '@hookstep/hook-wandb/node'
import { inMemoryGroup } from '@hookstep/trainer'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from './processes.ts'
import { at, atStep, offline, recordsOf, rowsOf, toldBy, trainWith } from './runs.ts'

let dir: string

beforeEach(async () => {
  vi.stubEnv('WANDB_SILENT', 'true')
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  dir = await temporaryFolder()
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function ofType<Type extends LogRecord['type']>(
  records: readonly LogRecord[],
  type: Type,
): Extract<LogRecord, { type: Type }>[] {
  return records.filter((record) => record.type === type) as Extract<LogRecord, { type: Type }>[]
}

/** The summary as the website has it in the end. */
function summaryOf(records: readonly LogRecord[]): Record<string, unknown> {
  const updates = ofType(records, 'summary').flatMap(({ update }) => update)
  return Object.fromEntries(updates.map(({ key, json }) => [[key].flat().join('.'), JSON.parse(json)]))
}

describe('a training that is kept', () => {
  test('lies in the folder of an offline run, from its header to its exit', async () => {
    const hook = offline(dir, {
      project: 'digits',
      name: 'first',
      tags: ['a'],
      notes: 'n',
      group: 'g',
      jobType: 'j',
    })
    await trainWith([hook])
    expect(basename(hook.folder ?? '')).toMatch(new RegExp(`^offline-run-\\d{8}_\\d{6}-${hook.id}$`))
    const records = await recordsOf(hook)
    const [header, run] = records
    expect(header).toEqual({ type: 'header', producer: '0.28.0', minConsumer: '0.13.0' })
    const identity = {
      id: hook.id,
      project: 'digits',
      name: 'first',
      tags: ['a'],
      notes: 'n',
      group: 'g',
      jobType: 'j',
    }
    expect(run).toMatchObject({ type: 'run', ...identity, startingStep: 0 })
    expect(ofType(records, 'run')).toHaveLength(1)
    expect(records.at(-1)).toEqual({ type: 'exit', exitCode: 0, runtime: 0 })
  })

  test('has a row for each log and each evaluation, on an axis of their own', async () => {
    const hook = offline(dir)
    const told: object[] = []
    await trainWith([
      hook,
      at(train.log, ({ step, progress, values }) => {
        const place = {
          'trainer/epoch': progress.epochs,
          'trainer/samples': progress.samples,
          'trainer/step': step,
        }
        told.push({ ...values, ...place })
      }),
      at(evaluate.post, ({ step, values }) => {
        const named = Object.entries(values).map(([name, value]) => [`eval/${name}`, value])
        told.push({ ...Object.fromEntries(named), 'trainer/step': step })
      }),
    ])
    const records = await recordsOf(hook)
    expect(toldBy(records)).toEqual(told)
    const names = new Set(told.flatMap((row) => Object.keys(row)))
    const defined = ofType(records, 'metric').map(({ name, stepMetric }) => [name, stepMetric])
    expect(new Map(defined as [string, string][])).toEqual(
      new Map([...names].map((name) => [name, name === 'trainer/step' ? undefined : 'trainer/step'])),
    )
    const clocks = rowsOf(records).map(({ _timestamp, _runtime }) => [_timestamp, _runtime].map(Number))
    const now = Date.now() / 1000
    expect(
      clocks.filter(([time = 0, runtime = -1]) => !(time > now - 60 && time <= now && runtime >= 0)),
    ).toEqual([])
  })

  test('is compared by its options, or by what is given', async () => {
    const [own, given] = [offline(dir), offline(dir, { config: { layers: [1, 2], rate: 0.5 } })]
    let configuration: object = {}
    const looking = at(train.ready, (_, run) => {
      configuration = run.configuration as object
    })
    await trainWith([own, looking])
    await trainWith([given])
    const configs = await Promise.all(
      [own, given].map(async (hook) => {
        const [run] = ofType(await recordsOf(hook), 'run')
        return Object.fromEntries((run?.config ?? []).map(({ key, json }) => [String(key), JSON.parse(json)]))
      }),
    )
    expect(configs).toEqual([configuration, { layers: [1, 2], rate: 0.5 }])
  })

  test('has the last values in its summary, and the best where they are asked for', async () => {
    const hook = offline(dir, { best: { 'eval/loss': 'min', 'statistics/score': 'max' } })
    const evaluations: number[] = []
    const scores = [1, 3, Number.NaN, 2]
    await trainWith([
      hook,
      at(evaluate.post, ({ values }) => void evaluations.push(values.loss as number)),
      at(train.step.post, ({ step }, run) =>
        measured(run, 'statistics', { score: scores[step % 4] as number }),
      ),
    ])
    const records = await recordsOf(hook)
    expect(summaryOf(records)).toMatchObject({
      'eval/loss.last': evaluations.at(-1),
      'eval/loss.min': Math.min(...evaluations),
      'statistics/score.last': 1,
      'statistics/score.max': 3,
      'trainer/step': 16,
      'trainer/outcome': 'finished',
    })
    const [best] = ofType(records, 'metric').filter(({ name }) => name === 'eval/loss')
    expect(best?.summary).toEqual(['min', 'last'])
  })

  test('has what hooks measure: of the machine apart, all else in rows', async () => {
    const hook = offline(dir)
    const measuring = atStep(3, async (run) => {
      await measured(run, 'system', { cpu: 12, 'gpu.0.temp': 60 })
      await measured(run, 'statistics', { spread: Number.POSITIVE_INFINITY, mean: Number.NaN })
    })
    await trainWith([hook, measuring])
    const records = await recordsOf(hook)
    expect(ofType(records, 'stats').map(({ items }) => items)).toEqual([
      [
        { key: 'cpu', json: '12' },
        { key: 'gpu.0.temp', json: '60' },
      ],
    ])
    expect(toldBy(records)[0]).toEqual({
      'statistics/spread': 'Infinity',
      'statistics/mean': 'NaN',
      'trainer/step': 3,
    })
  })

  test('has what hooks show, in files that the website reads', async () => {
    const hook = offline(dir)
    const media: Media[] = [
      { kind: 'text', text: 'a < b & c' },
      { kind: 'histogram', edges: [0, 0.5, 2], counts: [3, 4] },
      {
        kind: 'table',
        columns: ['x', 'y'],
        rows: [
          [1, 'one'],
          [null, true],
        ],
      },
      { kind: 'image', width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 255) },
    ]
    const showing = atStep(3, async (run) => {
      for (const one of media) await shown(run, `samples/the ${one.kind}`, one)
    })
    await trainWith([hook, showing])
    const records = await recordsOf(hook)
    const rows = toldBy(records).filter((row) => row['trainer/step'] === 3)
    const values = rows.flatMap(({ 'trainer/step': _, ...row }) => Object.values(row)) as MediaOf[]
    expect(values.map(({ sha256, size, path, ...rest }) => rest)).toEqual([
      { _type: 'html-file' },
      { _type: 'histogram', values: [3, 4], bins: [0, 0.5, 2] },
      { _type: 'table-file', ncols: 2, nrows: 2 },
      { _type: 'image-file', format: 'png', width: 2, height: 1 },
    ])
    const paths = values.flatMap(({ path }) => path ?? [])
    const [text, table, image] = await Promise.all(
      paths.map((path) => readFile(join(hook.folder ?? '', 'files', path))),
    )
    expect(paths.map((path) => path.replace(/[0-9a-f]{20}/, '#'))).toEqual([
      'media/html/samples/the text_3_#.html',
      'media/table/samples/the table_3_#.table.json',
      'media/images/samples/the image_3_#.png',
    ])
    expect(text?.toString()).toBe('<pre style="white-space: pre-wrap">a &lt; b &amp; c</pre>\n')
    expect(JSON.parse(table?.toString() ?? '')).toEqual({
      columns: ['x', 'y'],
      data: [
        [1, 'one'],
        [null, true],
      ],
    })
    expect(image?.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
    const files = ofType(records, 'files').flatMap((record) =>
      record.files.filter(({ kind }) => kind === 'media'),
    )
    expect(files.map(({ path, policy }) => [path, policy])).toEqual(paths.map((path) => [path, 'now']))
  })

  test('has what was written to its outputs, each line as a terminal shows it', async () => {
    const hook = offline(dir, { console: true })
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const errors = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await trainWith([
      hook,
      atStep(2, () => {
        process.stdout.write('a whole line\nbegun ')
        process.stderr.write('to the other\n')
        process.stdout.write(Buffer.from('and ended ✓\r\n'))
        process.stdout.write('10 %\r20 %\rdone\n')
        process.stdout.write('\rloss 1\x1b[K\r\nstep 2\x1b[J\x1b[1A\r')
        process.stdout.write('\r\x1b[J\x1b[32mgreen\x1b[0m\nnever ended')
      }),
    ])
    write.mockRestore()
    errors.mockRestore()
    const lines = ofType(await recordsOf(hook), 'output').map(({ stream, line }) => [stream, line])
    expect(lines).toEqual([
      ['stdout', 'a whole line\n'],
      ['stderr', 'to the other\n'],
      ['stdout', 'begun and ended ✓\n'],
      ['stdout', 'done\n'],
      ['stdout', '\x1b[32mgreen\x1b[0m\n'],
      ['stdout', 'never ended\n'],
    ])
  })

  test('leaves the outputs as they were', async () => {
    const before = [process.stdout.write, process.stderr.write]
    await Promise.all([1, 2].map(() => trainWith([offline(dir, { console: true })])))
    expect([process.stdout.write, process.stderr.write]).toEqual(before)
  })

  test('is whole on the disk when a checkpoint is taken', async () => {
    const hook = offline(dir)
    const seen: number[] = []
    await trainWith([
      hook,
      at(train.checkpoint, async (context, run) => {
        if (context.step !== 8) return
        await shown(run, 'picture', { kind: 'text', text: 'x' })
        await context.capture()
        seen.push(rowsOf(await recordsOf(hook)).length)
      }),
    ])
    // Two logs, an evaluation, a text.
    expect(seen).toEqual([4])
  })

  test('is written by the main rank alone', async () => {
    const hooks = inMemoryGroup(2).map((distributed) => ({ distributed, hook: offline(dir) }))
    await Promise.all(hooks.map(({ distributed, hook }) => trainWith([hook], { batchSize: 4, distributed })))
    expect(hooks.map(({ hook }) => hook.id === undefined)).toEqual([false, true])
  })

  test('is nothing where it is disabled', async () => {
    const hook = wandb({ mode: 'disabled', dir: join(dir, 'none') })
    await trainWith([hook])
    expect([hook.id, hook.folder]).toEqual([undefined, undefined])
  })
})

describe('how a training ended', () => {
  test.each([
    ['it was stopped', (run: Run) => run.stop('good enough'), 0, 'stopped', 'step 3: good enough'],
    ['it was stopped at once', (run: Run) => run.stop('go', { now: true }), 255, 'stopped', 'step 3: go'],
    ['it failed', failing, 1, 'failed', 'train.step.pre: Hook "step 3" failed at train.step.pre: broken'],
  ])('is told where %s', async (_, act, exitCode, outcome, reason) => {
    const hook = offline(dir)
    await trainWith([hook, atStep(3, act)]).catch(() => {})
    const records = await recordsOf(hook)
    expect(records.at(-1)).toMatchObject({ type: 'exit', exitCode })
    expect(summaryOf(records)).toMatchObject({ 'trainer/outcome': outcome, 'trainer/reason': reason })
  })
})

interface MediaOf {
  readonly path?: string
  readonly sha256?: string
  readonly size?: number
}

function failing(): void {
  throw new Error('broken')
}

function measured(run: Run, source: string, values: Record<string, number>): void | Promise<void> {
  const { distributed, progress } = run
  return run.trigger(metrics.measured, { distributed, progress, step: progress.step, source, values })
}

function shown(run: Run, name: string, media: Media): void | Promise<void> {
  const { distributed, progress } = run
  return run.trigger(metrics.media, { distributed, progress, step: progress.step, name, media })
}
