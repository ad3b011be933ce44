import type { Hook, Progress } from '@hookstep/catalogue'
import { onMeasurement } from './measurements.ts'

/** What is needed of a registry: one of `prom-client` has it. */
export interface PrometheusRegistry {
  registerMetric(metric: never): void
  getSingleMetric(name: string): unknown
}

export interface PrometheusOptions {
  /** Where the numbers are shown: `register` of `prom-client`, or another of its registries. */
  readonly registry: PrometheusRegistry
  /** What every name begins with. Default `hookstep`. */
  readonly prefix?: string
  /** Labels of every number, such as `{ run: 'digits' }`: they tell several runs in one registry apart. */
  readonly labels?: Readonly<Record<string, string>>
}

/**
 * Shows the latest numbers of a run to Prometheus, as gauges of a registry that your program serves:
 * `hookstep_train_loss`, `hookstep_evaluation_accuracy`, `hookstep_system_cpu_percent`, by where they come from, and
 * `hookstep_step`, `hookstep_epochs` and `hookstep_samples`. They stay as they are when the run has ended. The main
 * rank's only.
 *
 * ```ts
 * const hooks = [prometheus({ registry: register, labels: { run: 'digits' } })]
 * ```
 *
 * @throws TypeError on what is no registry. The run fails where a name is taken by somebody else's metric.
 */
export function prometheus(options: PrometheusOptions): Hook {
  const { registry, prefix = 'hookstep', labels = {} } = options ?? {}
  if (typeof registry?.registerMetric !== 'function' || typeof registry.getSingleMetric !== 'function') {
    throw new TypeError("prometheus: registry is none; hand in prom-client's `register`, for example")
  }
  const gauges = new Gauges(registry, prefix)
  return {
    name: 'prometheus',
    setup(run) {
      if (!run.distributed.isMain) return
      onMeasurement(run, ({ source, progress, values }) => {
        for (const [name, value] of Object.entries(values)) gauges.of(source, name).set(labels, value)
        for (const name of counted) gauges.of(name).set(labels, progress[name])
      })
    },
  }
}

const counted = ['step', 'epochs', 'samples'] as const satisfies (keyof Progress)[]

/** Gauges by their names, which hooks of several runs share. */
class Gauges {
  private readonly registry: PrometheusRegistry
  private readonly prefix: string
  private readonly byPath = new Map<string, Gauge>()

  constructor(registry: PrometheusRegistry, prefix: string) {
    this.registry = registry
    this.prefix = prefix
  }

  of(...path: readonly string[]): Gauge {
    const key = path.join('/')
    const known = this.byPath.get(key)
    if (known !== undefined) return known
    const gauge = this.find(key)
    this.byPath.set(key, gauge)
    return gauge
  }

  private find(path: string): Gauge {
    const name = metricName(`${this.prefix}_${path}`)
    const found = this.registry.getSingleMetric(name) as Partial<Gauge> | undefined
    if (found?.belongsToHookstep === true) return found as Gauge
    if (found !== undefined) {
      throw new Error(`prometheus: ${name} is somebody else's metric already; choose another prefix`)
    }
    const gauge = new Gauge(name, `${path} of a Hookstep run`)
    this.registry.registerMetric(gauge as never)
    return gauge
  }
}

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
function metricName(text: string): string {
  return text.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_')
}

/** A metric as a registry of `prom-client` takes it, so that nothing has to be imported from there. */
class Gauge {
  readonly belongsToHookstep = true
  readonly type = 'gauge'
  readonly aggregator = 'average'
  readonly name: string
  readonly help: string
  private readonly values = new Map<string, { labels: Readonly<Record<string, string>>; value: number }>()

  constructor(name: string, help: string) {
    this.name = name
    this.help = help
  }

  set(labels: Readonly<Record<string, string>>, value: number): void {
    this.values.set(JSON.stringify(labels), { labels, value })
  }

  /** What is shown when somebody asks. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: [...this.values.values()] }
  }

  reset(): void {
    this.values.clear()
  }
}
