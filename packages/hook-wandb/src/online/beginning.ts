import { readLog } from '../log/read-log.ts'
import type { HistoryRecord, LogRecord, RunRecord, StatsRecord } from '../log/records.ts'
import type { UploadRequest } from '../uploader.ts'
import type { ResumeStatus } from './graphql.ts'
import type { Counts } from './pending.ts'
import { RequestError } from './request-error.ts'

/**
 * What becomes of a log whose run lacks rows before its first: it waits until they are sent from another folder, or, where
 * they are lost, it follows on the last that is there.
 */
export type LostRows = 'wait' | 'skip'

/** How many lines there are on the server. */
export function countsOf(status: ResumeStatus | undefined): Counts {
  return {
    history: status?.historyLineCount ?? 0,
    events: status?.eventsLineCount ?? 0,
    log: status?.logLineCount ?? 0,
  }
}

/**
 * Checks that the run on the server, or its absence, is what the user expects.
 *
 * @throws RequestError where it is not.
 */
export function checkResumable(
  { address: { resume, id } }: UploadRequest,
  status: ResumeStatus | undefined,
): void {
  if (resume === 'must' && status === undefined) {
    throw new RequestError(`there is no run ${id} to resume; with resume 'allow' it would be begun`, {
      final: true,
    })
  }
  if (resume === 'never' && status !== undefined) {
    throw new RequestError(`there is a run ${id} already; with resume 'allow' it would be resumed`, {
      final: true,
    })
  }
}

/**
 * How many lines that the server has are not of this log, when nothing was noted of an upload of it: all of them, unless
 * the log goes on from them, or was sent by somebody else, such as the official `wandb sync`.
 *
 * @throws RequestError where rows before the log's first are missing, and are waited for.
 */
export async function baseOf(
  request: UploadRequest,
  run: RunRecord,
  status: ResumeStatus | undefined,
  lostRows: LostRows,
): Promise<Counts> {
  const counts = countsOf(status)
  const { startingStep = 0 } = run
  if (startingStep > 0) {
    const lacks = Math.max(0, startingStep - counts.history)
    if (lacks > 0 && lostRows === 'wait') throw earlierRows(request, startingStep, counts)
    return { ...counts, history: -lacks }
  }
  const own = status === undefined || request.address.resume === 'go-on' || (await wasSent(request, status))
  return own ? { history: 0, events: 0, log: 0 } : counts
}

function earlierRows({ address, folder }: UploadRequest, startingStep: number, counts: Counts): RequestError {
  return new RequestError(
    `${folder.location} begins with row ${startingStep} of run ${address.id}, and the server has ${counts.history} rows: ` +
      'sync the folder with the rows before it first, or, where that is lost, this one with --skip-lost',
    { final: true },
  )
}

/**
 * Whether the last line that the server has, of the history or of the events, is the one that the log has there. Of the
 * history it may also be a later one, where the log has lost its end on a full disk: it is no older than the log's first.
 */
async function wasSent({ folder, log }: UploadRequest, status: ResumeStatus): Promise<boolean> {
  const last = timeOfTail(status.historyTail)
  let rows = 0
  let first: number | undefined
  let events = 0
  for await (const { record } of readLog(folder, log)) {
    if (record?.type === 'history') {
      rows = record.step + 1
      first ??= timeOf(record)
      if (rows === status.historyLineCount) return timeOf(record) === last
    }
    if (record?.type !== 'stats' || ++events !== status.eventsLineCount) continue
    if (isTimeOf(record, timeOfTail(status.eventsTail))) return true
  }
  return rows < status.historyLineCount && first !== undefined && last !== undefined && last >= first
}

function timeOf({ items }: HistoryRecord): number | undefined {
  const time = items.find(({ key }) => key === '_timestamp' || key[0] === '_timestamp')
  return time && Number(time.json)
}

/** The log has it to the nanosecond. */
function isTimeOf({ timestamp }: StatsRecord, time: number | undefined): boolean {
  return time !== undefined && Math.abs(timestamp - time) < 1e-5
}

function timeOfTail(tail: string): number | undefined {
  const [last] = JSON.parse(tail || '[]') as (string | null)[]
  const found = /"_timestamp":\s*([-+.\deE]+)/.exec(last ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The record that says who the run is. @throws SyntaxError where a log has none. */
export async function readRun({ folder, log }: Pick<UploadRequest, 'folder' | 'log'>): Promise<RunRecord> {
  for await (const { record } of readLog(folder, log)) {
    if (isRun(record)) return record
  }
  throw new SyntaxError(`${folder.location}/${log} does not say which run it is of`)
}

function isRun(record: LogRecord | undefined): record is RunRecord {
  return record?.type === 'run'
}
