import type { Json, Run } from '@hookstep/catalogue'
import { jsonOf } from './json.ts'
import { LogFile, type LogWatcher } from './log/log-file.ts'
import type { Item, RunRecord } from './log/records.ts'
import { openLog, type SavedRun } from './opened-log.ts'
import type { Platform } from './platform.ts'
import type { RunFolder } from './run-folder.ts'
import { emptyLog, type WrittenLog } from './run-log.ts'
import { folderName, logName, logsFolder, randomId } from './run-names.ts'
import type { Settings } from './settings.ts'
import type { RunAddress } from './uploader.ts'

/** What a run of W&B is opened for. */
export interface Opening {
  readonly run: Run
  readonly platform: Platform
  readonly settings: Settings
  /** What the checkpoint has that the training goes on from. */
  readonly saved: SavedRun | null
}

/** A run's log, ready to be written. */
export interface Opened extends WrittenLog {
  readonly id: string
  readonly folder: RunFolder
  /** Of the folder, from `dir` on. */
  readonly path: string
  readonly resume: RunAddress['resume']
  readonly file: LogFile
  /** The run as it is now, and as it was when its log began. */
  readonly record: RunRecord
  readonly before: RunRecord
}

/** Client whose records these are, and the oldest one that can read them. */
const versions = { producer: '0.28.0', minConsumer: '0.13.0' }

/**
 * Goes on in the log of the run that the checkpoint names, or begins one.
 *
 * @throws Error where a run is to be resumed and there is none.
 */
export async function openRun(opening: Opening, watcher: LogWatcher): Promise<Opened> {
  const saved = resumable(opening)
  if (saved === null) return beginRun(opening, opening.settings.id ?? randomId(), watcher)
  const { platform, settings } = opening
  const folder = platform.folder(settings.dir, saved.folder)
  const found = await openLog(folder, logName(saved.id), saved)
  if (found === undefined) return goOnElsewhere(opening, saved, watcher)
  const file = LogFile.goOn(folder, logName(saved.id), found.end, watcher)
  const record = runRecord(opening, saved.id, found.run.startingStep ?? 0)
  return {
    ...found,
    id: saved.id,
    folder,
    path: saved.folder,
    resume: 'go-on',
    file,
    record,
    before: found.run,
  }
}

/** What the training goes on from in W&B, if anything. */
function resumable({ run, settings: { resume, id }, saved }: Opening): SavedRun | null {
  if (resume === 'never') return null
  if (saved !== null && id !== undefined && id !== saved.id) {
    run.warn(`the checkpoint is of the W&B run ${saved.id}; as asked for, this training is the run ${id}`)
    return null
  }
  if (saved === null && id === undefined && resume === 'must') {
    throw new Error(
      "resume is 'must', but there is no run to go on with: " +
        "go on from a checkpoint, name the run's id, or take resume: 'allow'",
    )
  }
  return saved
}

/** The same run of W&B; its rows are numbered on. */
async function goOnElsewhere(opening: Opening, saved: SavedRun, watcher: LogWatcher): Promise<Opened> {
  const opened = await beginRun(opening, saved.id, watcher, saved.rows)
  opening.run.warn(
    `the log of the W&B run ${saved.id} is not, or not as a whole, at ${opening.platform.folder(opening.settings.dir, saved.folder).location}; ` +
      `the run goes on in ${opened.folder.location}. Sync the other one first, should you find it`,
  )
  return { ...opened, resume: 'go-on' }
}

async function beginRun(
  opening: Opening,
  id: string,
  watcher: LogWatcher,
  startingStep = 0,
): Promise<Opened> {
  const { folder, path } = await freeFolder(opening, id)
  const record = runRecord(opening, id, startingStep)
  const file = LogFile.begin(folder, logName(id), watcher)
  file.append({ type: 'header', ...versions })
  file.append(record)
  const { resume } = opening.settings
  return { ...emptyLog(startingStep), id, folder, path, resume, file, record, before: record }
}

/** Runs of one id may begin within a second: then one is dated later. */
async function freeFolder(
  { platform, settings }: Opening,
  id: string,
): Promise<{ folder: RunFolder; path: string }> {
  for (let time = Date.now(); ; time += 1000) {
    const path = `${logsFolder}/${folderName(settings.mode, id, new Date(time))}`
    const folder = platform.folder(settings.dir, path)
    if ((await folder.size(logName(id))) === undefined) return { folder, path }
  }
}

function runRecord({ run, settings, platform }: Opening, id: string, startingStep: number): RunRecord {
  const { project, entity, name, group, jobType, notes, tags, config } = settings
  return {
    type: 'run',
    id,
    project,
    entity,
    name,
    group,
    jobType,
    notes,
    tags,
    host: platform.host,
    startingStep,
    startTime: Date.now() / 1000 - run.progress.seconds,
    config: configItems(config ?? run.configuration),
  }
}

function configItems(configuration: Json): Item[] {
  return Object.entries(configuration as object).map(([key, value]) => ({ key, json: jsonOf(value) }))
}
