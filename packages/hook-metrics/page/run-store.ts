import type {
  About,
  MediaItem,
  RunUpdate,
  SeriesUpdate,
  Source,
  Status,
  Update,
} from '../src/dashboard/protocol.ts'

/** Numbers of one source and name, as far as the server has told them. */
export interface PageSeries {
  readonly source: Source
  readonly name: string
  readonly steps: number[]
  readonly seconds: number[]
  readonly values: (number | null)[]
  /** Of the values that a point stands for. */
  readonly means: (number | null)[]
  readonly counts: number[]
  /** Another with every change. */
  readonly version: number
}

/** A run as the page knows it. */
export interface PageRun {
  readonly id: string
  about: About
  status: Status
  readonly series: Map<string, PageSeries>
  media: readonly MediaItem[]
}

/** Of each name, so many of the latest: as the server keeps them. */
const keptMedia = 50

/** The runs of the page, in the order in which the server named them. */
export class RunStore {
  readonly runs: Map<string, PageRun> = new Map()
  private readonly listeners = new Set<() => void>()

  /** @returns ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  apply({ reset, runs }: Update): void {
    if (reset) this.runs.clear()
    for (const update of runs) this.applyTo(update)
    for (const listener of this.listeners) listener()
  }

  private applyTo(update: RunUpdate): void {
    const known = this.runs.get(update.id)
    const run = known === undefined || update.restart ? newRun(update.id, known) : known
    this.runs.set(update.id, run)
    if (update.about !== undefined) run.about = update.about
    if (update.status !== undefined) run.status = update.status
    for (const series of update.series ?? []) addPoints(run, series)
    if (update.media !== undefined) run.media = latest(update.mediaAreWhole ? [] : run.media, update.media)
  }
}

function newRun(id: string, known: PageRun | undefined): PageRun {
  const about = known?.about ?? { name: id }
  const status = known?.status ?? { state: 'waiting', step: 0, epoch: 0, samples: 0, seconds: 0 }
  return { id, about, status, series: new Map(), media: [] }
}

function addPoints(run: PageRun, update: SeriesUpdate): void {
  const { source, name, whole } = update
  const key = `${source}/${name}`
  const known = run.series.get(key)
  const before = known === undefined || whole ? nothing : known
  const series: PageSeries = {
    source,
    name,
    steps: before.steps.concat(update.steps),
    seconds: before.seconds.concat(update.seconds),
    values: before.values.concat(update.values),
    means: before.means.concat(update.means),
    counts: before.counts.concat(update.counts),
    version: ++changes,
  }
  run.series.set(key, series)
}

/** Of all series: one that begins anew is another. */
let changes = 0

const nothing: Omit<PageSeries, 'source' | 'name' | 'version'> = {
  steps: [],
  seconds: [],
  values: [],
  means: [],
  counts: [],
}

function latest(before: readonly MediaItem[], added: readonly MediaItem[]): readonly MediaItem[] {
  const all = [...before, ...added]
  const counts = new Map<string, number>()
  return all
    .toReversed()
    .filter(({ name }) => {
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count <= keptMedia
    })
    .reverse()
}
