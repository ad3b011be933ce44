import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readLog } from '../log/read-log.ts'
import type { RunRecord } from '../log/records.ts'
import { diskFolder } from '../node/disk-folder.ts'
import { readRun } from '../online/beginning.ts'
import { readCompleteTo } from '../online/sent-state.ts'
import { messageOf } from '../outcome.ts'
import type { RunFolder } from '../run-folder.ts'
import { UsageError } from './usage-error.ts'

/** A run in a folder, as its log has it. */
export interface FoundRun {
  readonly folder: RunFolder
  /** The log's name in the folder. */
  readonly log: string
  readonly run: RunRecord
  readonly rows: number
  /** Whether the log says how the run has ended. */
  readonly hasEnded: boolean
  /** Whether all of the log was sent. */
  readonly isSent: boolean
}

/** A log that cannot be read. */
export interface UnreadableRun {
  readonly location: string
  readonly unreadable: string
}

/**
 * The runs of folders, each the folder of a run, or one with such folders below it. Those that others go on from come
 * first.
 *
 * @throws UsageError on a folder without a run.
 */
export async function findRuns(locations: readonly string[]): Promise<(FoundRun | UnreadableRun)[]> {
  const found: (FoundRun | UnreadableRun)[] = []
  for (const location of locations) {
    const logs = await logsIn(location)
    if (logs.length === 0)
      throw new UsageError(
        `${location} has no run of W&B: a folder with run-ID.wandb in it, at most ${deepest} levels below`,
      )
    for (const log of logs) found.push(await look(log))
  }
  return found.sort((a, b) => firstRow(a) - firstRow(b))
}

interface LogPlace {
  readonly location: string
  readonly log: string
}

/** `runs/NAME/wandb/run-…` is three levels below `runs`. */
const deepest = 4

/** A folder that has a log is not searched further. */
async function logsIn(location: string, levels: number = deepest): Promise<LogPlace[]> {
  const entries = await entriesIn(location)
  const log = entries.find(({ name }) => /^run-.+\.wandb$/.test(name))
  if (log !== undefined) return [{ location, log: log.name }]
  if (levels === 0) return []
  const found: LogPlace[] = []
  for (const { name } of entries.filter(mayHaveLogs)) {
    found.push(...(await logsIn(join(location, name), levels - 1)))
  }
  return found
}

/** A link is followed where its name is one that the hook gives: the official client's `latest-run` would come twice. */
function mayHaveLogs(entry: Dirent): boolean {
  if (entry.isSymbolicLink()) return /^(wandb$|(offline-)?run-)/.test(entry.name)
  return entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules'
}

/** In the order of their names. What cannot be read has none. */
async function entriesIn(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function look({ location, log }: LogPlace): Promise<FoundRun | UnreadableRun> {
  const folder = diskFolder(location)
  try {
    const run = await readRun({ folder, log })
    let rows = 0
    let hasEnded = false
    for await (const { record } of readLog(folder, log)) {
      if (record?.type === 'history') rows++
      hasEnded = record?.type === 'exit'
    }
    const isSent = (await readCompleteTo(folder)) === (await folder.size(log))
    return { folder, log, run, rows, hasEnded, isSent }
  } catch (error) {
    return { location: join(location, basename(log)), unreadable: messageOf(error) }
  }
}

function firstRow(found: FoundRun | UnreadableRun): number {
  return 'run' in found ? (found.run.startingStep ?? 0) : 0
}
