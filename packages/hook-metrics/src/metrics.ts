import type { Hook } from '@hookstep/catalogue'
import { csv } from './csv.ts'
import { type DashboardOptions, dashboard } from './dashboard/dashboard.ts'
import { type Journal, journal } from './journal.ts'
import { type MlflowOptions, mlflow } from './mlflow/mlflow.ts'
import { type OpenTelemetryOptions, openTelemetry } from './open-telemetry.ts'
import { type ProgressBarOptions, progressBar } from './progress-bar.ts'
import { type PrometheusOptions, prometheus } from './prometheus.ts'
import { type SystemMetricsOptions, systemMetrics } from './system/system-metrics.ts'
import { tensorBoard } from './tensorboard/tensor-board.ts'
import { throughput } from './throughput.ts'
import { together } from './together.ts'

/** What is written, shown and measured: an option each, named like the hook that does it. */
export interface MetricsOptions {
  /** `progressBar()`. Default true. */
  readonly console?: boolean | ProgressBarOptions
  /** The file of `journal()`. */
  readonly journal?: string
  /** The file of `csv()`. */
  readonly csv?: string
  /** The folder of `tensorBoard()`. */
  readonly tensorBoard?: string
  readonly mlflow?: MlflowOptions
  readonly prometheus?: PrometheusOptions
  readonly openTelemetry?: OpenTelemetryOptions
  /** `dashboard()`, which knows of the journal. Default false. */
  readonly dashboard?: boolean | DashboardOptions
  /** `systemMetrics()`. Default true: nothing is measured where nobody takes it. */
  readonly system?: boolean | SystemMetricsOptions
  /** `throughput()`. Default true. */
  readonly throughput?: boolean
}

/**
 * The hooks of this package, as many as are asked for, in one.
 *
 * ```ts
 * const hooks = [
 *   metrics({ journal: 'runs/digits/journal.jsonl', tensorBoard: 'runs/digits', dashboard: true }),
 * ]
 * ```
 *
 * @throws TypeError on an option that there is not; and what the hooks throw on theirs.
 */
export function metrics(options: MetricsOptions = {}): Hook {
  const { console = true, system = true, throughput: measuresThroughput = true, ...others } = options
  const written = others.journal === undefined ? undefined : journal(others.journal)
  const parts: Readonly<Record<keyof MetricsOptions, Hook | undefined>> = {
    // Those who write come before those who measure: what is measured at the same event finds them ready.
    journal: written,
    csv: made(csv, others.csv),
    tensorBoard: made(tensorBoard, others.tensorBoard),
    mlflow: made(mlflow, others.mlflow),
    prometheus: made(prometheus, others.prometheus),
    openTelemetry: made(openTelemetry, others.openTelemetry),
    dashboard: switched((chosen) => dashboard(withJournal(chosen, written)), others.dashboard ?? false),
    console: switched(progressBar, console),
    system: switched(systemMetrics, system),
    throughput: switched(throughput, measuresThroughput),
  }
  refuseOthers(options, Object.keys(parts))
  return together(
    'metrics',
    Object.values(parts).filter((part) => part !== undefined),
  )
}

function made<Options>(make: (options: Options) => Hook, options: Options | undefined): Hook | undefined {
  return options === undefined ? undefined : make(options)
}

function switched<Options extends object>(
  make: (options: Options | undefined) => Hook,
  options: boolean | Options,
): Hook | undefined {
  return options === false ? undefined : make(options === true ? undefined : options)
}

function withJournal(options: DashboardOptions | undefined, written: Journal | undefined): DashboardOptions {
  return { ...(written !== undefined && { journal: written }), ...options }
}

function refuseOthers(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`metrics: there is no option ${unknown}; there are ${known.toSorted().join(', ')}`)
  }
}
