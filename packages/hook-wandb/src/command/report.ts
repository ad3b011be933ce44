import type { FoundRun, UnreadableRun } from './found-runs.ts'

/** What is known of a run in a folder, and what became of sending it. */
export interface Report {
  readonly folder: string
  /** `project/id` as the log has it. */
  readonly run?: string
  /** Of the log. */
  readonly rows?: number
  /** Whether the log says how the run has ended; what has not ended may grow. */
  readonly hasEnded?: boolean
  /** `unsent`: the server may lack something of it. */
  readonly state: 'sent' | 'unsent' | 'failed'
  /** Rows that were missing on the server. */
  readonly sentRows?: number
  readonly url?: string
  readonly reason?: string
}

export function reportOf(found: FoundRun | UnreadableRun): Report {
  if ('unreadable' in found) return { folder: found.location, state: 'failed', reason: found.unreadable }
  const { folder, run, rows, hasEnded, isSent } = found
  return {
    folder: folder.location,
    run: `${run.project}/${run.id}`,
    rows,
    hasEnded,
    state: isSent ? 'sent' : 'unsent',
  }
}

export function describe({ folder, run, rows, hasEnded, state, sentRows, url, reason }: Report): string {
  const parts = [
    ...(run === undefined ? [] : [`run ${run}`, `${rows} rows${hasEnded ? '' : ', not ended'}`]),
    state === 'failed' ? `failed: ${reason}` : state,
    ...(sentRows === undefined ? [] : [`${sentRows} rows were missing`]),
    ...(url === undefined ? [] : [url]),
  ]
  return `${folder}: ${parts.join('; ')}`
}
