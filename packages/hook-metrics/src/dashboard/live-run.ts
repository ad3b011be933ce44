import { evaluate, metrics, type Progress, type Run, train } from '@hookstep/catalogue'
import { formatVersion } from '../journal-format.ts'
import { mediaRow } from '../media-row.ts'
import { onEnd } from '../plain-lines.ts'
import { evaluationRow, logRow, measuredRow, position, type StartRow } from '../rows.ts'
import { paceOf } from '../run-pace.ts'
import { versions } from '../versions.ts'
import type { RunRecord } from './run-record.ts'

/** Keeps a record of a run while it goes on. @returns brings it up to date between two rows. */
export function record(run: Run, kept: RunRecord): () => void {
  const pace = paceOf(run)
  run.subscribe(train.log, (context) => kept.take(logRow(context)))
  run.subscribe(evaluate.post, (context) => kept.take(evaluationRow(context)))
  run.subscribe(metrics.measured, (context) => kept.take(measuredRow(context)))
  run.subscribe(metrics.media, (context) => kept.take(mediaRow(context)))
  onEnd(run, (row) => kept.take(row))
  return () => {
    if (kept.status.state !== 'running') return
    pace.observe()
    const { totalSteps, secondsLeft } = pace.outlook()
    kept.update({ ...position(run.progress), totalSteps, secondsLeft })
  }
}

/** How the run begins, as its journal says it. */
export function startRow({ distributed, configuration }: Run, progress: Progress): StartRow {
  const date = new Date().toISOString()
  const { worldSize } = distributed
  return {
    type: 'start',
    version: formatVersion,
    ...position(progress),
    run: 'live',
    date,
    versions: versions(),
    worldSize,
    configuration,
  }
}
