import type { Board } from './board.ts'
import type { About, MediaItem, RunUpdate, SeriesUpdate, Update } from './protocol.ts'
import type { NamedSeries, RunRecord } from './run-record.ts'
import type { Series } from './series.ts'

/** Points, or characters of media divided by ten, in one message: what takes some milliseconds to put into words. */
const mostAtOnce = 10_000

/** What one who looks has been told of a series. */
interface Told {
  revision: number
  length: number
}

/** What one who looks has been told of a run. */
interface Known {
  readonly record: RunRecord
  readonly revision: number
  about: About | undefined
  /** As JSON. */
  status: string
  readonly series: Map<Series, Told>
  media: { revision: number; last: number }
}

/**
 * Reads a board for one who looks, and remembers how far: whoever is slow or comes late gets more at once, and
 * nothing is kept for him meanwhile.
 */
export class Reader {
  private readonly board: Board
  private readonly known = new Map<string, Known>()
  private isFirst = true

  constructor(board: Board) {
    this.board = board
  }

  /** What is new, or the next piece of it; nothing where nothing is. */
  next(): Update | undefined {
    const room = { left: mostAtOnce }
    const runs = Array.from(this.board.records, (record) => this.updateOf(record, room)).filter(saysMore)
    if (runs.length === 0 && !this.isFirst) return undefined
    const update: Update = this.isFirst ? { reset: true, runs } : { runs }
    this.isFirst = false
    return update
  }

  private updateOf(record: RunRecord, room: Room): RunUpdate {
    const before = this.known.get(record.id)
    const goesOn = before?.record === record && before.revision === record.revision
    const known = goesOn ? before : newlyKnown(record)
    this.known.set(record.id, known)
    return {
      id: record.id,
      ...(before === undefined || goesOn ? {} : { restart: true as const }),
      ...factsOf(record, known),
      ...seriesOf(record, known, room),
      ...mediaOf(record, known, room),
    }
  }
}

interface Room {
  left: number
}

function newlyKnown(record: RunRecord): Known {
  const media = { revision: record.media.revision, last: 0 }
  return { record, revision: record.revision, about: undefined, status: '', series: new Map(), media }
}

function saysMore(update: RunUpdate): boolean {
  return Object.keys(update).length > 1
}

function factsOf({ about, status }: RunRecord, known: Known): Pick<RunUpdate, 'about' | 'status'> {
  const isNew = { about: known.about !== about, status: known.status !== JSON.stringify(status) }
  known.about = about
  known.status = JSON.stringify(status)
  return { ...(isNew.about ? { about } : {}), ...(isNew.status ? { status } : {}) }
}

function seriesOf({ series }: RunRecord, known: Known, room: Room): Pick<RunUpdate, 'series'> {
  const updates: SeriesUpdate[] = []
  for (const one of series) {
    if (room.left <= 0) break
    const told = known.series.get(one.series) ?? { revision: one.series.revision, length: 0 }
    known.series.set(one.series, told)
    const update = newPointsOf(one, told, room)
    if (update !== undefined) updates.push(update)
  }
  return updates.length === 0 ? {} : { series: updates }
}

function newPointsOf(
  { source, name, series }: NamedSeries,
  told: Told,
  room: Room,
): SeriesUpdate | undefined {
  const isWhole = told.revision !== series.revision
  const from = isWhole ? 0 : told.length
  if (from === series.length && !isWhole) return undefined
  const to = Math.min(series.length, from + room.left)
  room.left -= to - from
  Object.assign(told, { revision: series.revision, length: to })
  const { steps, seconds, values, means, counts } = series.points
  return {
    source,
    name,
    ...(isWhole ? { whole: true as const } : {}),
    steps: steps.slice(from, to),
    seconds: seconds.slice(from, to),
    values: values.slice(from, to),
    means: means.slice(from, to),
    counts: counts.slice(from, to),
  }
}

function mediaOf({ media }: RunRecord, known: Known, room: Room): Pick<RunUpdate, 'media' | 'mediaAreWhole'> {
  if (room.left <= 0) return {}
  const areWhole = known.media.revision !== media.revision
  const last = areWhole ? 0 : known.media.last
  const fresh: MediaItem[] = []
  for (const item of media.items) {
    if (room.left <= 0) break
    if (item.number <= last) continue
    fresh.push(item)
    room.left -= Math.ceil(JSON.stringify(item).length / 10)
  }
  known.media = { revision: media.revision, last: fresh.at(-1)?.number ?? last }
  if (fresh.length === 0 && !areWhole) return {}
  return { media: fresh, ...(areWhole ? { mediaAreWhole: true as const } : {}) }
}
