import { evaluate, type Hook, metrics, train } from '@hookstep/catalogue'
import {
  type EvaluationRow,
  evaluationRow,
  type LogRow,
  logRow,
  type MeasuredRow,
  measuredRow,
} from './rows.ts'

/** A hook that remembers what was logged, evaluated and measured. */
export interface History extends Hook {
  /** What `train.log` carried, in order. */
  readonly logs: readonly LogRow[]
  /** The results of the evaluations, in order. */
  readonly evaluations: readonly EvaluationRow[]
  /** What hooks measured, in order. */
  readonly measured: readonly MeasuredRow[]
}

/**
 * Keeps the numbers of a run in memory, for a page or a notebook to draw. They are not saved with
 * checkpoints: `journal` of `@hookstep/hook-metrics/node` is for that. Given to another run that goes on
 * at a step, it keeps what came up to that step; a run from the beginning starts it afresh.
 *
 * ```ts
 * const seen = history()
 * // … after a run with `hooks: [seen]`
 * const losses = seen.logs.map(({ step, values }) => [step, values.loss])
 * ```
 */
export function history(): History {
  const logs: LogRow[] = []
  const evaluations: EvaluationRow[] = []
  const measured: MeasuredRow[] = []
  return {
    name: 'history',
    logs,
    evaluations,
    measured,
    setup(run) {
      run.subscribe(train.ready, ({ progress }) => {
        for (const rows of [logs, evaluations, measured])
          dropAfter<{ readonly step: number }>(rows, progress.step)
      })
      run.subscribe(train.log, (context) => logs.push(logRow(context)))
      run.subscribe(evaluate.post, (context) => evaluations.push(evaluationRow(context)))
      run.subscribe(metrics.measured, (context) => measured.push(measuredRow(context)))
    },
  }
}

/** Logs are told late: rows are not always in the order of their steps. */
function dropAfter<Row extends { readonly step: number }>(rows: Row[], step: number): void {
  let kept = 0
  for (const row of rows) if (row.step <= step) rows[kept++] = row
  rows.length = kept
}
