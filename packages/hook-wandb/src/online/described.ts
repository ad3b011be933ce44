import type { ConfigRecord, Item, MetricRecord, RunRecord, SummaryRecord } from '../log/records.ts'
import type { ResumeStatus, RunDescription } from './graphql.ts'
import { metricDefinitions } from './metric-definitions.ts'

/** JSON whose values are JSON already, by name. */
type Members = Map<string, string>

/** What a log says of its run beside its lines: the last word of each key, in what the server had before. */
export class Described {
  private run: RunRecord | undefined
  private readonly config: Members = new Map()
  private readonly summaries: Members = new Map()
  private readonly metrics = new Map<string, MetricRecord>()
  /** How often what goes into {@link description} has changed. */
  changes = 0
  /** How often what goes into {@link summary} has changed. */
  summaryChanges = 0

  /** Goes on from what the server has. */
  goOn({ config, summaryMetrics }: ResumeStatus): void {
    const before = parseObject(config)
    for (const [key, entry] of Object.entries(before)) {
      if (!this.config.has(key))
        this.config.set(key, JSON.stringify((entry as { value?: unknown })?.value ?? null))
    }
    for (const [key, value] of Object.entries(parseObject(summaryMetrics))) {
      if (!this.summaries.has(key)) this.summaries.set(key, JSON.stringify(value))
    }
  }

  take(record: RunRecord | ConfigRecord | MetricRecord | SummaryRecord): void {
    if (record.type === 'summary') {
      this.summaryChanges++
      setAll(this.summaries, record.update)
      return
    }
    // Read again, it says nothing new.
    if (record.type === 'run' && this.run !== undefined) return
    this.changes++
    if (record.type === 'metric') this.metrics.set(record.name, record)
    else setAll(this.config, record.type === 'run' ? record.config : record.update)
    if (record.type === 'run') this.run = record
  }

  /** Seconds since 1970. */
  get startTime(): number {
    return this.run?.startTime ?? 0
  }

  get description(): RunDescription {
    const { name, notes, group, jobType, tags, host } = this.run ?? {}
    return { displayName: name, notes, group, jobType, tags, host, config: this.configJson }
  }

  get summary(): string {
    return members([...this.summaries])
  }

  /** Clients take a run as one to resume only if its configuration has `_wandb.t`. */
  get configJson(): string {
    const own = parseObject(this.config.get('_wandb') ?? null)
    const internal = { ...own, t: own.t ?? {}, m: metricDefinitions([...this.metrics.values()]) }
    const entries = [...this.config].filter(([key]) => key !== '_wandb')
    const values = [...entries, ['_wandb', JSON.stringify(internal)] as const]
    return members(values.map(([key, json]) => [key, `{"value":${strict(json)}}`]))
  }
}

/** A value of several levels is kept as an object of the first one. */
function setAll(target: Members, update: readonly Item[]): void {
  for (const { key, json } of update) {
    const [name = '', ...path] = typeof key === 'string' ? [key] : key
    target.set(
      name,
      path.length === 0 ? json : JSON.stringify(within(parse(target.get(name)), path, parse(json))),
    )
  }
}

function within(outer: unknown, [name = '', ...rest]: readonly string[], value: unknown): object {
  const known = isObject(outer) ? outer : {}
  return { ...known, [name]: rest.length === 0 ? value : within(known[name], rest, value) }
}

function members(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}

/** A configuration is strict JSON: NaN is null there, as the official client has it, and infinities are texts. */
function strict(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => {
    if (token.startsWith('"')) return token
    return token === 'NaN' ? 'null' : `"${token}"`
  })
}

function parse(json: string | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(strict(json))
}

function parseObject(json: string | null): Readonly<Record<string, unknown>> {
  if (json === null || json === '') return {}
  const value = parse(json)
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
