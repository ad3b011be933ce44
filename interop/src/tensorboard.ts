import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { evaluate, every, type Hook, type Media, metrics, type RunState, train } from '@hookstep/catalogue'
import { throughput } from '@hookstep/hook-metrics'
import { systemMetrics, tensorBoard } from '@hookstep/hook-metrics/node'
import { statistics } from '@hookstep/hooks'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer, type TrainerOptions } from '@hookstep/trainer'
import { type Check, Mismatch } from './check.ts'
import type { Python } from './python.ts'

/** By tag: what there is at each step, in order. */
type Series = Record<string, [step: number, what: unknown][]>

/** By kind. */
interface Shown {
  readonly scalars: Series
  readonly histograms: Series
  readonly images: Series
  readonly texts: Series
}

/** A run that was stopped, its last record torn, and went on from an earlier checkpoint. */
export const tensorboard: Check = {
  name: 'tensorboard',
  async run(python) {
    const folder = await mkdtemp(join(tmpdir(), 'hookstep-interop-'))
    try {
      return await compare(python, folder, await trainIn(folder))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const options: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 3, 1] }),
  data: line({ samples: 64, inputs: 2 }),
  batchSize: 8,
  epochs: 5,
  log: every('1 step'),
  evaluate: { data: line({ samples: 16, inputs: 2, seed: 1 }) },
  maxGradientNorm: 1,
}
const checkpointAt = 17
const stopAfter = 29

/** @returns what the run has told. */
async function trainIn(folder: string): Promise<Shown> {
  const shown: Shown = { scalars: {}, histograms: {}, images: {}, texts: {} }
  const states: RunState[] = []
  const hooks = [
    statistics({ when: every('4 steps') }),
    systemMetrics({ when: every('3 steps') }),
    throughput(),
  ]
  const both = [tensorBoard(folder), ...hooks, showing, remembering(shown)]
  await new Trainer({ ...options, hooks: [...both, stopping(states)] }).train()
  await tearLast(folder)
  await new Trainer({ ...options, hooks: [...both, resuming(states)] }).train()
  return shown
}

/** Shows something of each kind now and then. */
const showing: Hook = {
  name: 'showing',
  setup(run) {
    run.subscribe(
      train.step.post,
      async ({ distributed, step, progress }) => {
        for (const [name, media] of Object.entries(mediaOf(step))) {
          await run.trigger(metrics.media, { distributed, step, progress, name, media })
        }
        const values = { nothing: Number.NaN, everything: Infinity, odd: -1 / step }
        await run.trigger(metrics.measured, { distributed, step, progress, source: 'odd', values })
      },
      { when: every('5 steps') },
    )
  },
}

function mediaOf(step: number): Record<string, Exclude<Media, { kind: 'table' }>> {
  const picture = (channels: 1 | 3 | 4, width: number, height: number): Media & { kind: 'image' } => {
    const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + step) % 256)
    return { kind: 'image', width, height, channels, data }
  }
  return {
    words: { kind: 'text', text: `# Step ${step}\nto be, or *not*: ünïcödé 🙂` },
    'pictures/grey': picture(1, 28, 28),
    'pictures/colours': picture(3, 7, 5),
    'pictures/transparent': picture(4, 3, 300),
    'spread of values': { kind: 'histogram', edges: [-1e-3, 0, 0.5, step], counts: [step, 0, 1e6] },
  }
}

/** What TensorBoard should have, from the events themselves: scalars in single precision, as it keeps them. */
function remembering({ scalars, histograms, images, texts }: Shown): Hook {
  const add = (series: Series, tag: string, step: number, what: unknown): void => {
    series[tag] = [...(series[tag] ?? []), [step, what]]
  }
  const addAll = (source: string, step: number, values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values))
      add(scalars, `${source}/${name}`, step, written(value))
  }
  return {
    name: 'remembering',
    setup(run) {
      run.subscribe(train.ready, ({ progress }) => {
        for (const series of [scalars, histograms, images, texts]) dropAfter(series, progress.step)
      })
      run.subscribe(train.log, ({ step, values }) => addAll('train', step, values))
      run.subscribe(evaluate.post, ({ step, values }) => addAll('evaluation', step, values))
      run.subscribe(metrics.measured, ({ source, step, values }) => addAll(source, step, values))
      run.subscribe(metrics.media, ({ step, name, media }) => {
        if (media.kind === 'histogram') add(histograms, name, step, histogramOf(media))
        if (media.kind === 'image') add(images, name, step, imageOf(media))
        if (media.kind === 'text') add(texts, name, step, media.text)
      })
    },
  }
}

function dropAfter(series: Series, last: number): void {
  for (const [tag, points] of Object.entries(series)) series[tag] = points.filter(([step]) => step <= last)
}

function written(value: number): number | string {
  return Number.isFinite(value) ? Math.fround(value) : String(value)
}

function histogramOf({ edges, counts }: Extract<Media, { kind: 'histogram' }>): object {
  return { edges, counts, num: counts.reduce((sum, count) => sum + count), max: edges.at(-1) }
}

function imageOf({ width, height, channels, data }: Extract<Media, { kind: 'image' }>): object {
  const mode = { 1: 'L', 3: 'RGB', 4: 'RGBA' }[channels]
  const size = [width, height]
  return { size, claimed: size, mode, sha256: createHash('sha256').update(data).digest('hex') }
}

function stopping(states: RunState[]): Hook {
  return {
    name: 'stopping',
    setup(run) {
      run.subscribe(train.checkpoint, async ({ step, capture }) => {
        if (step === checkpointAt) states.push(structuredClone(await capture()))
      })
      run.subscribe(train.step.post, ({ step }) => step === stopAfter && run.stop('seen enough'))
    },
  }
}

function resuming(states: readonly RunState[]): Hook {
  return {
    name: 'resuming',
    setup(run) {
      run.subscribe(train.restore, ({ restore }) => restore(states[0] as RunState))
    },
  }
}

/** As a machine that loses power leaves it. */
async function tearLast(folder: string): Promise<void> {
  const [name = ''] = await readdir(folder)
  const path = join(folder, name)
  await truncate(path, (await stat(path)).size - 11)
}

async function compare(python: Python, folder: string, shown: Shown): Promise<string> {
  const read = JSON.parse(await python.run('read_events.py', [folder])) as Shown & Configured
  const { configuration, ...texts } = read.texts
  const found: Shown = { scalars: read.scalars, histograms: read.histograms, images: read.images, texts }
  const counts = (Object.keys(found) as (keyof Shown)[]).map((kind) => {
    compareSeries(kind, shown[kind], found[kind])
    return `${Object.values(found[kind]).flat().length} ${kind}`
  })
  if (configuration?.length !== 1) throw new Mismatch('the configuration is not there, or more than once')
  if (read.hyperparameters.batchSize !== 8) {
    throw new Mismatch(`hyperparameters were read as ${JSON.stringify(read.hyperparameters)}`)
  }
  return `a run of ${Object.keys(found.scalars).length} tags, resumed: ${counts.join(', ')}, and what it was made with`
}

interface Configured {
  readonly hyperparameters: Readonly<Record<string, unknown>>
}

function compareSeries(kind: string, written: Series, read: Series): void {
  for (const tag of new Set([...Object.keys(written), ...Object.keys(read)])) {
    if (isDeepStrictEqual(written[tag], read[tag])) continue
    throw new Mismatch(
      `${kind} ${tag} were written as ${JSON.stringify(written[tag])} and read as ${JSON.stringify(read[tag])}`,
    )
  }
}
