import { openTelemetry, prometheus } from '@hookstep/hook-metrics'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { small, trainWith } from './runs.ts'
import { telling } from './telling.ts'

describe('prometheus', () => {
  test('shows the latest numbers of a run in a registry of prom-client', async () => {
    const registry = new Registry()
    const { lastLog, lastEvaluation } = await trainWith([
      prometheus({ registry, labels: { run: 'first "line"' } }),
      telling(4),
    ])
    const labels = '{run="first \\"line\\""}'
    expect(
      (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ).toEqual([
      `hookstep_train_loss${labels} ${lastLog?.loss}`,
      `hookstep_train_absolute_error${labels} ${lastLog?.absolute_error}`,
      `hookstep_train_learning_rate${labels} 0.05`,
      `hookstep_step${labels} 16`,
      `hookstep_epochs${labels} 2`,
      `hookstep_samples${labels} 128`,
      `hookstep_system_cpu_percent${labels} 12.5`,
      `hookstep_system_broken${labels} Nan`,
      `hookstep_evaluation_loss${labels} ${lastEvaluation?.loss}`,
      `hookstep_evaluation_absolute_error${labels} ${lastEvaluation?.absolute_error}`,
    ])
    expect(await registry.getSingleMetricAsString('hookstep_step')).toContain('# TYPE hookstep_step gauge')
    registry.resetMetrics()
    expect(await registry.metrics()).not.toContain('16')
  })

  test('shows several runs in one registry, told apart by their labels', async () => {
    const registry = new Registry()
    const runs = ['one', 'other'].map((run) => prometheus({ registry, labels: { run } }))
    await Promise.all(runs.map((hook) => trainWith([hook], small)))
    const steps = (await registry.getSingleMetricAsString('hookstep_step')).split('\n').slice(2)
    expect(steps).toEqual(['hookstep_step{run="one"} 16', 'hookstep_step{run="other"} 16'])
  })

  test("leaves somebody else's metric alone", async () => {
    const registry = new Registry()
    new Gauge({ name: 'hookstep_train_loss', help: 'my own', registers: [registry] })
    await expect(trainWith([prometheus({ registry })], small)).rejects.toThrow(
      "hookstep_train_loss is somebody else's metric already; choose another prefix",
    )
    await trainWith([prometheus({ registry, prefix: '2nd-run' })], small)
    expect(await registry.metrics()).toContain('_2nd_run_train_loss ')
  })

  test('needs a registry', () => {
    expect(() => prometheus({} as never)).toThrow("hand in prom-client's `register`, for example")
  })
})

describe('openTelemetry', () => {
  test('records the numbers of a run with a meter of OpenTelemetry', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e6 })
    const meter = new MeterProvider({ readers: [reader] }).getMeter('training')
    const { lastLog } = await trainWith(
      [openTelemetry({ meter, attributes: { run: 'first' } }), telling(4)],
      small,
    )
    await reader.forceFlush()
    const told = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    await reader.shutdown()
    expect(
      Object.fromEntries(
        told.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ value, attributes }) => [value, attributes]),
        ]),
      ),
    ).toEqual({
      'hookstep.train.loss': [[lastLog?.loss, { run: 'first' }]],
      'hookstep.train.absolute_error': [[lastLog?.absolute_error, { run: 'first' }]],
      'hookstep.train.learning_rate': [[0.05, { run: 'first' }]],
      'hookstep.step': [[16, { run: 'first' }]],
      'hookstep.system.cpu_percent': [[12.5, { run: 'first' }]],
      'hookstep.system.broken': [[Number.NaN, { run: 'first' }]],
    })
  })

  test('needs a meter that makes gauges', () => {
    expect(() => openTelemetry({ meter: {} as never })).toThrow(
      'hand in one of @opentelemetry/api, from version 1.9 on',
    )
  })
})
