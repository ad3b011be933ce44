import { type SyncOptions, syncRun } from '../online/sync.ts'
import { messageOf } from '../outcome.ts'
import type { RunAddress } from '../uploader.ts'
import type { FoundRun, UnreadableRun } from './found-runs.ts'
import { type Report, reportOf } from './report.ts'

/** Where runs are sent, and how. */
export interface Target extends SyncOptions, Pick<RunAddress, 'baseUrl' | 'apiKey'> {}

/** Sends what the server lacks of a run, and tells what became of it. */
export async function sendRun(
  found: FoundRun | UnreadableRun,
  { baseUrl, apiKey, ...options }: Target,
  tell: (message: string) => void,
): Promise<Report> {
  const report = reportOf(found)
  if ('unreadable' in found || found.isSent) return report
  const { folder, log, run } = found
  const { entity, project, id } = run
  let url: string | undefined
  const request = {
    address: { baseUrl, apiKey, entity, project, id, resume: 'allow' as const },
    folder,
    log,
    warn: (message: string) => tell(`${folder.location}: ${message}`),
    found: (address: string) => {
      url = address
    },
    stop: () => {},
  }
  try {
    const sentRows = await syncRun(request, options)
    return { ...report, state: 'sent', sentRows, ...(url !== undefined && { url }) }
  } catch (error) {
    return { ...report, state: 'failed', reason: messageOf(error) }
  }
}
