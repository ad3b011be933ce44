import type { Values } from '@hookstep/catalogue'
import type {
  EndRow,
  EvaluationRow,
  JournalRow,
  LogRow,
  MeasuredRow,
  MediaRow,
  RowPosition,
  StartRow,
} from '../rows.ts'
import { endOf, isEnd } from './end-of.ts'
import type { About, Source, Status } from './protocol.ts'
import { RecentMedia } from './recent-media.ts'
import { Series } from './series.ts'
import { Throughput } from './throughput.ts'

/** Names beyond these are not drawn: a hook that makes up names may not fill the memory. */
const mostSeries = 1000

/** Numbers of one source and name. */
export interface NamedSeries {
  readonly source: Source
  readonly name: string
  readonly series: Series
}

/** What the live page shows of one run, in bounded memory: made from the rows of its journal. */
export class RunRecord {
  readonly id: string
  readonly media: RecentMedia = new RecentMedia()
  about: About
  status: Status = { state: 'waiting', step: 0, epoch: 0, samples: 0, seconds: 0 }
  private readonly byKey = new Map<string, NamedSeries>()
  private throughput: Throughput | undefined = new Throughput()
  private times = 0

  constructor(id: string, about: About) {
    this.id = id
    this.about = about
  }

  get series(): Iterable<NamedSeries> {
    return this.byKey.values()
  }

  /** How often a whole series has gone. */
  get revision(): number {
    return this.times
  }

  take(row: JournalRow): void {
    if (row.type === 'start') this.begin(row)
    else if (isEnd(row)) this.end(row)
    else {
      this.update(position(row))
      this.keep(row)
    }
  }

  /** Corrects what is known of where the run stands. */
  update(status: Partial<Status>): void {
    this.status = { ...this.status, ...status }
  }

  /** A run that goes on takes back what it had done after its checkpoint. */
  private begin(row: StartRow): void {
    const { date, versions, worldSize, configuration } = row
    this.about = { ...this.about, date, versions, worldSize, configuration }
    for (const { series } of this.byKey.values()) series.dropAfter(row.step)
    this.media.dropAfter(row.step)
    this.throughput?.begin(row)
    const { totalSteps } = this.status
    this.status = { state: 'running', ...position(row), totalSteps }
  }

  private keep(row: LogRow | EvaluationRow | MeasuredRow | MediaRow): void {
    switch (row.type) {
      case 'log':
        this.add('train', row, row.values)
        this.addThroughput(row)
        break
      case 'evaluation':
        this.throughput?.evaluated(row)
        this.add('evaluation', row, row.values)
        break
      case 'measured':
        if (row.source === throughputSource) this.leaveThroughputTo(row.source)
        this.add(row.source, row, row.values)
        break
      case 'media':
        this.media.add(row)
    }
  }

  private end(row: EndRow): void {
    this.update({ ...position(row), ...endOf(row), secondsLeft: undefined })
  }

  private add(source: Source, { step, seconds }: RowPosition, values: Values): void {
    for (const name in values) this.seriesOf(source, name)?.add(step, seconds, values[name] as number)
  }

  private addThroughput(row: RowPosition): void {
    const samplesPerSecond = this.throughput?.logged(row)
    if (samplesPerSecond === undefined) return
    this.add(throughputSource, row, { samples_per_second: samplesPerSecond })
  }

  /** A hook measures it better than can be told from rows. */
  private leaveThroughputTo(source: Source): void {
    if (this.throughput === undefined) return
    this.throughput = undefined
    for (const [key, one] of this.byKey) if (one.source === source) this.byKey.delete(key)
    this.times++
  }

  private seriesOf(source: Source, name: string): Series | undefined {
    const key = `${source}\n${name}`
    const found = this.byKey.get(key)
    if (found !== undefined) return found.series
    if (this.byKey.size >= mostSeries) return undefined
    const series = new Series()
    this.byKey.set(key, { source, name, series })
    return series
  }
}

const throughputSource = 'throughput'

function position({ step, epoch, samples, seconds }: RowPosition): RowPosition {
  return { step, epoch, samples, seconds }
}
