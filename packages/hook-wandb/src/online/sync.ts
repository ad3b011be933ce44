import { readLog } from '../log/read-log.ts'
import type { UploadRequest } from '../uploader.ts'
import type { LostRows } from './beginning.ts'
import { defaultPacing, type Pacing } from './pacing.ts'
import { Patience } from './patience.ts'
import { Sending } from './sending.ts'

export interface SyncOptions extends Partial<Pacing> {
  /** How long one request may fail, retries included, before it is given up. Milliseconds. */
  readonly giveUpMs: number
  readonly lostRows?: LostRows
}

/**
 * Sends what the server lacks of a log that nothing is added to. Interrupted, it can be begun anew.
 *
 * @returns how many rows were missing.
 * @throws Error on what could not be sent, and why.
 */
export async function syncRun(
  request: UploadRequest,
  { giveUpMs, lostRows = 'wait', ...rest }: SyncOptions,
): Promise<number> {
  const { signal } = new AbortController()
  const pacing = { ...defaultPacing, ...rest }
  const connection = { ...request.address, requestMs: pacing.requestMs, signal }
  const patience = new Patience(pacing, signal, giveUpMs)
  const sending = await Sending.begin({ request, connection, patience, pacing, lostRows })
  // The end of the log was lost, on a full disk for example, and was sent before that: there is nothing to add.
  if (sending.rowsBefore > (await rowsIn(request))) return 0
  const end = (await request.folder.size(request.log)) ?? 0
  while (!(await sending.portion(end))) {}
  await sending.last(end)
  return Math.max(0, sending.rowsRead - sending.rowsBefore)
}

/** One more than the number of the last row of a log. */
async function rowsIn({ folder, log }: UploadRequest): Promise<number> {
  let rows = 0
  for await (const { record } of readLog(folder, log)) {
    if (record?.type === 'history') rows = record.step + 1
  }
  return rows
}
