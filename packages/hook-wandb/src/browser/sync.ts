import { syncRun } from '../online/sync.ts'
import { runOf } from '../opened-log.ts'
import { logsFolder } from '../run-names.ts'
import { address } from '../settings.ts'
import { root, unlessMissing } from './file-system.ts'
import { opfsFolder } from './opfs-folder.ts'

export interface BrowserSyncOptions {
  readonly apiKey: string
  /** Default `https://api.wandb.ai`. */
  readonly baseUrl?: string
  /** As the hook has it. */
  readonly dir?: string
  /** Milliseconds that one request may fail, with what is tried again. Default 60,000. */
  readonly giveUpMs?: number
}

/**
 * Sends what the server lacks of the runs that lie in this browser, nothing twice.
 *
 * @returns how many rows each lacked, by the run's id.
 * @throws Error on the first that could not be sent, and why. It can be called again.
 */
export async function sync(options: BrowserSyncOptions): Promise<Readonly<Record<string, number>>> {
  const { apiKey, dir = '', giveUpMs = 60_000 } = options
  const { baseUrl } = address(options, { environment: {} })
  const sent: Record<string, number> = {}
  for (const { path, log } of await logsIn(dir)) {
    const folder = opfsFolder(path)
    const run = await runOf(folder, log)
    if (run === undefined) continue
    const { id, entity, project } = run
    const target = { baseUrl, apiKey, entity, project, id, resume: 'allow' as const }
    const silent = { warn: () => {}, found: () => {}, stop: () => {} }
    sent[id] = (sent[id] ?? 0) + (await syncRun({ address: target, folder, log, ...silent }, { giveUpMs }))
  }
  return sent
}

/** The logs of a `dir`, the oldest first. */
async function logsIn(dir: string): Promise<{ path: string; log: string }[]> {
  const logs: { path: string; log: string }[] = []
  const parent = await folderOf([...dir.split('/'), logsFolder])
  for await (const [name, entry] of parent?.entries() ?? []) {
    if (entry.kind !== 'directory') continue
    for await (const file of (entry as FileSystemDirectoryHandle).keys()) {
      if (/^run-.+\.wandb$/.test(file)) logs.push({ path: `${dir}/${logsFolder}/${name}`, log: file })
    }
  }
  return logs.sort((one, other) => (dateOf(one.path) < dateOf(other.path) ? -1 : 1))
}

function dateOf(path: string): string {
  return /\d{8}_\d{6}/.exec(path)?.[0] ?? ''
}

async function folderOf(path: readonly string[]): Promise<FileSystemDirectoryHandle | undefined> {
  let folder: FileSystemDirectoryHandle | undefined = await root()
  for (const step of path) {
    if (step !== '') folder = folder && (await unlessMissing(folder.getDirectoryHandle(step)))
  }
  return folder
}
