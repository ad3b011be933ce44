import { oneLine } from '../figures.ts'
import type { EndRow, JournalRow } from '../rows.ts'
import type { Status } from './protocol.ts'

/** Whether it is the last row of a run, or of the part before a resume. */
export function isEnd(row: JournalRow): row is EndRow {
  return row.type === 'finished' || row.type === 'stopped' || row.type === 'failed'
}

/** How a run ended, as the page says it. */
export function endOf(row: EndRow): Pick<Status, 'state' | 'reason'> {
  switch (row.type) {
    case 'finished':
      return { state: 'finished', reason: undefined }
    case 'stopped':
      return { state: 'stopped', reason: oneLine(`${row.requestedBy}: ${row.reason}`) }
    case 'failed':
      return { state: 'failed', reason: oneLine(row.error) }
  }
}
