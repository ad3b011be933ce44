import { evaluate, metrics, type Progress, type Run, train, type Values } from '@hookstep/catalogue'

/** Numbers of a run, wherever they come from. */
export interface Measurement {
  /** `train`, `evaluation`, or what the hook that measured says they are about: `system`, `throughput`. */
  readonly source: string
  readonly step: number
  readonly progress: Progress
  readonly values: Values
}

/** Tells of everything that a run logs, of its evaluations and of what hooks measure. */
export function onMeasurement(run: Run, handle: (measurement: Measurement) => void): void {
  run.subscribe(train.log, ({ step, progress, values }) =>
    handle({ source: 'train', step, progress, values }),
  )
  run.subscribe(evaluate.post, ({ step, progress, values }) =>
    handle({ source: 'evaluation', step, progress, values }),
  )
  run.subscribe(metrics.measured, handle)
}
