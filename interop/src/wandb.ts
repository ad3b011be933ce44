import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { every, type Hook, type Media, metrics, train } from '@hookstep/catalogue'
import { type HistoryRecord, type LogRecord, readLog } from '@hookstep/hook-wandb'
import { diskFolder, type Wandb, wandb as wandbHook } from '@hookstep/hook-wandb/node'
import { line, plainBackend } from '@hookstep/testing'
import { type StoredRun, startWandbServer, type WandbServer } from '@hookstep/testing/wandb-server'
import { Trainer } from '@hookstep/trainer'
import { type Check, Mismatch } from './check.ts'
import type { Python } from './python.ts'

const project = 'interop'
const steps = 1_000
const config = { rate: 0.05, layers: [8, 4], data: { name: 'line', seed: 0 } }

/** A run that was written offline and sent by the official client, and one that it goes on with. */
export const wandb: Check = {
  name: 'wandb',
  async run(python) {
    const folder = await mkdtemp(join(tmpdir(), 'hookstep-interop-'))
    await using server = await startWandbServer()
    try {
      const hook = await trainIn(folder)
      await python.run('wandb_client.py', [server.url, server.apiKey, folder, 'sync', hook.folder as string])
      const said = await compare(hook, server)
      return `${said}; ${await goOn(python, folder, hook, server)}`
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function trainIn(dir: string): Promise<Wandb> {
  process.env.WANDB_SILENT = 'true'
  const hook = wandbHook({
    mode: 'offline',
    dir,
    project,
    config,
    name: 'of Hookstep',
    notes: 'a note',
    group: 'trials',
    jobType: 'train',
    tags: ['small', 'offline'],
  })
  await using trainer = new Trainer({
    backend: plainBackend(),
    data: line(),
    steps,
    batchSize: 8,
    learningRate: config.rate,
    log: every('1 step'),
    evaluate: { data: line({ seed: 1 }) },
    hooks: [hook, showing],
  })
  await trainer.train()
  return hook
}

/** Something of every kind, and numbers that JSON has no word for. */
const showing: Hook = {
  name: 'showing',
  setup(run) {
    const media: readonly Media[] = [
      { kind: 'text', text: 'a <b>text</b>' },
      { kind: 'histogram', edges: [0, 1, 2], counts: [3, 4] },
      { kind: 'image', width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 255) },
      { kind: 'table', columns: ['digit', 'share'], rows: [[7, 0.5]] },
    ]
    run.subscribe(train.step.post, async ({ step, progress }) => {
      if (step !== 10) return
      const { distributed } = run
      for (const one of media) {
        await run.trigger(metrics.media, {
          distributed,
          progress,
          step,
          name: `shown/${one.kind}`,
          media: one,
        })
      }
      const values = { nothing: Number.NaN, much: Number.POSITIVE_INFINITY }
      await run.trigger(metrics.measured, { distributed, progress, step, source: 'interop', values })
      await run.trigger(metrics.measured, {
        distributed,
        progress,
        step,
        source: 'system',
        values: { cpu: 12.5 },
      })
    })
  },
}

async function compare(hook: Wandb, server: WandbServer): Promise<string> {
  const held = server.run(hook.id as string)
  const records = await recordsOf(hook)
  const rows = records.filter((record): record is HistoryRecord => record.type === 'history').map(rowOf)
  expectSame('rows', rows, held.rows)
  expectSame('summary', { ...held.summary, ...summaryOf(records) }, held.summary)
  compareDescription(held)
  const files = await compareFiles(hook, held)
  if (!held.events.some((event) => event['system.cpu'] === 12.5)) throw new Mismatch('no system metrics came')
  return `wandb sync sent ${rows.length} rows, configuration, summary and ${files} files`
}

function compareDescription({
  config: found,
  displayName,
  notes,
  group,
  jobType,
  tags,
  state,
}: StoredRun): void {
  const expected = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, { value }]))
  expectSame('configuration', expected, { ...found, _wandb: undefined })
  expectSame(
    'description',
    ['of Hookstep', 'a note', 'trials', 'train', ['small', 'offline'], 'finished'],
    [displayName, notes, group, jobType, tags, state],
  )
}

async function compareFiles({ folder = '' }: Wandb, { files }: StoredRun): Promise<number> {
  const names = await filesIn(join(folder, 'files'))
  for (const name of names) {
    const sent = files.get(name)
    if (!sent?.length) throw new Mismatch(`${name} did not come`)
    const written = await readFile(join(folder, 'files', name))
    if (name.startsWith('media/') && !written.equals(sent))
      throw new Mismatch(`${name} came with another content`)
  }
  return names.length
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
}

/** The official client takes the run as one that can be resumed, and adds its row behind ours. */
async function goOn(python: Python, home: string, { id = '' }: Wandb, server: WandbServer): Promise<string> {
  const before = server.run(id).rows.length
  await python.run('wandb_client.py', [server.url, server.apiKey, home, 'resume', project, id])
  const { rows, streams } = server.run(id)
  expectSame(
    'rows that were added',
    [10_000],
    rows.slice(before).map((row) => row['trainer/step']),
  )
  expectSame('rows that were sent again', 0, streams['wandb-history.jsonl'].rewritten)
  return 'wandb.init(resume="must") went on behind them'
}

async function recordsOf({ folder = '', id }: Wandb): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const { record } of readLog(diskFolder(folder), `run-${id}.wandb`)) {
    if (record !== undefined) records.push(record)
  }
  if (records.length === 0) throw new Mismatch(`${basename(folder)} has no records`)
  return records
}

function rowOf({ items }: HistoryRecord): object {
  return Object.fromEntries(items.map(({ key, json }) => [String(key), parsed(json)]))
}

function summaryOf(records: readonly LogRecord[]): object {
  return Object.fromEntries(
    records.flatMap((record) =>
      record.type === 'summary' ? record.update.map(({ key, json }) => [String(key), parsed(json)]) : [],
    ),
  )
}

/** NaN and Infinity stand bare. */
function parsed(json: string): unknown {
  return /^(NaN|-?Infinity)$/.test(json) ? Number(json) : JSON.parse(json)
}

function expectSame(what: string, written: unknown, read: unknown): void {
  const [plainWritten, plainRead] = [written, read].map((value) => structuredClone(value))
  if (isDeepStrictEqual(stripped(plainWritten), stripped(plainRead))) return
  throw new Mismatch(`${what}: written ${shown(written)}, read ${shown(read)}`)
}

/** Without what is not there. */
function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(entries.map(([key, one]) => [key, stripped(one)]))
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 2_000) ?? String(value)
}
