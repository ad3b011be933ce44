import type { Hook } from '@hookstep/catalogue'
import { type Measurement, onMeasurement } from './measurements.ts'

/** What is needed of a meter: one of `@opentelemetry/api`, from version 1.9 on, has it. */
export interface OpenTelemetryMeter {
  createGauge(name: string, options?: { readonly description?: string }): OpenTelemetryGauge
}

export interface OpenTelemetryGauge {
  record(value: number, attributes?: Record<string, string>): void
}

export interface OpenTelemetryOptions {
  /** What makes the instruments: `metrics.getMeter('training')` of `@opentelemetry/api`, for example. */
  readonly meter: OpenTelemetryMeter
  /** What every name begins with. Default `hookstep`. */
  readonly prefix?: string
  /** Attributes of every number, such as `{ run: 'digits' }`: they tell several runs apart. */
  readonly attributes?: Readonly<Record<string, string>>
}

/**
 * Records the numbers of a run with OpenTelemetry, as gauges of a meter that your program has set up:
 * `hookstep.train.loss`, `hookstep.evaluation.accuracy`, `hookstep.system.cpu_percent`, by where they come from, and
 * `hookstep.step`. When and where they are exported is the meter's business. The main rank's only.
 *
 * ```ts
 * const hooks = [openTelemetry({ meter, attributes: { run: 'digits' } })]
 * ```
 *
 * @throws TypeError on what is no meter.
 */
export function openTelemetry(options: OpenTelemetryOptions): Hook {
  const { meter, prefix = 'hookstep', attributes = {} } = options ?? {}
  if (typeof meter?.createGauge !== 'function') {
    throw new TypeError(
      'openTelemetry: meter is none; hand in one of @opentelemetry/api, from version 1.9 on: metrics.getMeter(…)',
    )
  }
  const gauges = new Map<string, OpenTelemetryGauge>()
  const record = (path: string, value: number): void => {
    const gauge = gauges.get(path) ?? meter.createGauge(instrumentName(`${prefix}.${path}`))
    gauges.set(path, gauge)
    gauge.record(value, { ...attributes })
  }
  return {
    name: 'opentelemetry',
    setup(run) {
      if (run.distributed.isMain) onMeasurement(run, (measurement) => recordAll(measurement, record))
    },
  }
}

function recordAll(
  { source, step, values }: Measurement,
  record: (path: string, value: number) => void,
): void {
  for (const [name, value] of Object.entries(values)) record(`${source}.${name}`, value)
  record('step', step)
}

/** https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax */
function instrumentName(text: string): string {
  return text.replaceAll(/[^\w./-]/g, '_').slice(0, 255)
}
