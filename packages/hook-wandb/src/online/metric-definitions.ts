import type { MetricRecord } from '../log/records.ts'

/** Numbers that the official client gives these in a run's configuration: fields of `MetricRecord` and its parts. */
const fields = { name: '1', glob: '2', step: '5', options: '6', summary: '7' } as const
const options = { synced: 1, hidden: 2, defined: 3 } as const
const summaries = { min: 1, max: 2, last: 5, none: 6 } as const

/** How metrics are drawn, as `_wandb.m` of a run's configuration has it: the step is the number of its definition, from 1. */
export function metricDefinitions(metrics: readonly MetricRecord[]): object[] {
  const byName = new Map<string, MetricRecord>()
  for (const metric of metrics) byName.set(metric.name, metric)
  for (const { stepMetric } of metrics) {
    if (stepMetric !== undefined && !byName.has(stepMetric))
      byName.set(stepMetric, { type: 'metric', name: stepMetric })
  }
  const names = [...byName.keys()]
  return [...byName.values()].map((metric) => definition(metric, names))
}

function definition({ name, stepMetric, hidden, summary }: MetricRecord, names: readonly string[]): object {
  const glob = name.endsWith('*')
  return {
    [glob ? fields.glob : fields.name]: name,
    ...(stepMetric !== undefined && { [fields.step]: names.indexOf(stepMetric) + 1 }),
    [fields.options]: [
      ...(stepMetric === undefined ? [] : [options.synced]),
      ...(glob ? [] : [options.defined]),
      ...(hidden ? [options.hidden] : []),
    ],
    [fields.summary]: (summary ?? []).map((kind) => summaries[kind]),
  }
}
