import type { MediaContext, Run, Values } from '@hookstep/catalogue'
import type { ConsoleLines } from './console-lines.ts'
import type { LogWatcher } from './log/log-file.ts'
import { MediaQueue } from './media-queue.ts'
import { type Opened, type Opening, openRun } from './open-run.ts'
import type { SavedRun } from './opened-log.ts'
import { messageOf, type Outcome, unknownOutcome } from './outcome.ts'
import type { Platform } from './platform.ts'
import { item, itemsOf, type Row } from './row.ts'
import { changesOf, RunLog } from './run-log.ts'
import type { Settings } from './settings.ts'
import type { Uploader, UploadOutcome } from './uploader.ts'

/** A training, and the run of W&B that it is. */
export class Followed {
  readonly id: string
  /** The run's page. */
  url: string | undefined
  /** How the training has ended. */
  outcome: Outcome = unknownOutcome
  private readonly opened: Opened
  private readonly log: RunLog
  private readonly mediaQueue: MediaQueue
  private readonly run: Run
  private readonly platform: Platform
  private readonly settings: Settings
  private uploader: Uploader | undefined
  private lostMedia = 0

  private constructor({ run, platform, settings, saved }: Opening, opened: Opened) {
    this.id = opened.id
    this.run = run
    this.platform = platform
    this.settings = settings
    this.opened = opened
    const best = saved?.id === opened.id ? saved.best : {}
    this.log = new RunLog(opened, { kinds: settings.best, best, onOtherRow: tellOnce(run) })
    this.mediaQueue = new MediaQueue(opened.folder, {
      row: (row, seconds) => this.log.addRow(row, seconds),
      file: (path) => this.log.add({ type: 'files', files: [{ path, policy: 'now', kind: 'media' }] }),
      failed: (name, error) => this.mediaFailed(name, error),
    })
  }

  static async open(opening: Opening, lines: ConsoleLines): Promise<Followed> {
    let followed: Followed | undefined
    const watcher: LogWatcher = {
      written: (bytes) => followed?.uploader?.grown(bytes),
      failed: (error) => opening.run.warn(unwritable(opened.folder.location, error)),
    }
    const opened = await openRun(opening, watcher)
    try {
      followed = new Followed(opening, opened)
      await followed.begin(lines)
      return followed
    } catch (error) {
      await opened.file.close()
      throw error
    }
  }

  get location(): string {
    return this.opened.folder.location
  }

  row(row: Row): void {
    this.log.addRow(row, this.run.progress.seconds)
    this.checkWritten()
  }

  /** What was measured of the machine. */
  stats(values: Values): void {
    this.log.add({ type: 'stats', timestamp: Date.now() / 1000, items: itemsOf(values) })
    this.checkWritten()
  }

  media(context: MediaContext): void | Promise<void> {
    return this.mediaQueue.add(context)
  }

  /** What a checkpoint keeps, once everything so far survives a power failure. */
  async settle(): Promise<SavedRun> {
    await this.mediaQueue.settle()
    this.log.addSummary()
    await this.log.file.sync()
    this.checkWritten()
    return { id: this.id, folder: this.opened.path, ...this.log.position }
  }

  /** Writes how the training ended, and waits for what is being sent. */
  async close(): Promise<void> {
    const { exitCode, items } = this.outcome
    await this.mediaQueue.settle()
    for (const one of items) this.log.summary.set(one)
    this.log.summary.set(item('_runtime', this.run.progress.seconds))
    this.log.addSummary()
    this.log.add({ type: 'exit', exitCode, runtime: this.run.progress.seconds })
    this.tellOfLosses(await this.log.file.close())
    this.sendWhatIsThere()
    this.tellOfWaiting()
    this.tellWhereItIs(await this.uploader?.finish(this.settings.drainMs))
  }

  private async begin(lines: ConsoleLines): Promise<void> {
    const { record, before, file, folder } = this.opened
    const changes = changesOf(before, record)
    if (changes !== undefined) this.log.add(changes)
    lines.flowTo((line) => this.log.add(line))
    if (before === record) await this.describeMachine()
    await file.flush()
    if (this.settings.mode === 'online') this.upload()
    else this.print(`the run is kept in ${folder.location}`)
  }

  /** Where it cannot be written, the log cannot either: that is told of. */
  private async describeMachine(): Promise<void> {
    const path = 'wandb-metadata.json'
    const content = new TextEncoder().encode(`${JSON.stringify(this.platform.metadata(), null, 2)}\n`)
    try {
      await this.opened.folder.write(`files/${path}`, content)
      this.log.add({ type: 'files', files: [{ path, policy: 'now', kind: 'wandb' }] })
    } catch {}
  }

  private upload(): void {
    const { settings, run } = this
    const { file, resume, id } = this.opened
    const { baseUrl, apiKey = '', entity, project } = settings
    this.uploader = this.platform.startUpload({
      address: { baseUrl, apiKey, entity, project, id, resume },
      folder: file.readable,
      log: file.path,
      warn: (message) => run.warn(message),
      found: (url) => {
        this.url = url
        this.print(`the run is at ${url}`)
      },
      stop: () => run.stop('stopped on the website'),
    })
    this.sendWhatIsThere()
  }

  private sendWhatIsThere(): void {
    const { readableBytes } = this.opened.file
    if (readableBytes > 0) this.uploader?.grown(readableBytes)
  }

  private mediaFailed(name: string, error: unknown): void {
    if (this.lostMedia++ > 0) return
    this.run.warn(`${name} could not be written and is left out: ${messageOf(error)}`)
  }

  /** @throws Error in a strict run whose log cannot be written. */
  private checkWritten(): void {
    const { error } = this.log.file
    if (error === undefined) return
    // It is sent from memory meanwhile.
    this.sendWhatIsThere()
    if (!this.settings.strict) return
    throw new Error(`${this.location}: the log cannot be written: ${messageOf(error)}`, { cause: error })
  }

  private tellOfLosses(unwrittenBytes: number): void {
    const { dropped } = this.log
    const losses = [
      ...(dropped > 0 ? [`${dropped} records were dropped, as there was no room in memory either`] : []),
      ...(unwrittenBytes > 0 ? [`the last ${unwrittenBytes} bytes of the log could not be written`] : []),
      ...(this.lostMedia > 1 ? [`${this.lostMedia} media could not be written`] : []),
    ]
    if (losses.length > 0) this.run.warn(`${this.location}: ${losses.join('; ')}`)
  }

  /** How the run ended is left to be sent at the least. */
  private tellOfWaiting(): void {
    if (this.uploader === undefined || this.uploader.isOver) return
    const { baseUrl, drainMs } = this.settings
    const atMost = Number.isFinite(drainMs) ? `, at most ${drainMs / 1000} s` : ''
    this.print(
      `sending what is left to ${baseUrl}${atMost}; what is not sent stays in ${this.location}: ` +
        this.platform.howToSync(this.location),
    )
  }

  private tellWhereItIs(outcome: UploadOutcome | undefined): void {
    const sync = `to send it: ${this.platform.howToSync(this.location)}`
    if (outcome === undefined || outcome.isTold) this.print(sync)
    else if (outcome.incomplete === undefined)
      this.print(`the run is at ${this.url ?? this.settings.baseUrl}`)
    else this.run.warn(`not everything was sent: ${outcome.incomplete}; ${sync}`)
  }

  private print(line: string): void {
    if (!this.settings.isSilent) this.platform.print(`wandb: ${line}`)
  }
}

function unwritable(location: string, error: unknown): string {
  return (
    `${location}: the log cannot be written: ${messageOf(error)}. The training goes on; ` +
    'up to 16 MB of records wait in memory, and are written when there is room'
  )
}

/** Where a training does not repeat itself: another rate, other data, a device that computes another way each time. */
function tellOnce(run: Run): (step: number) => void {
  let hasTold = false
  return (step) => {
    if (hasTold) return
    hasTold = true
    run.warn(
      `from step ${step} on, this training has other values than the one that it repeats from the checkpoint: ` +
        "W&B keeps both. With resume: 'never' it would be a run of its own",
    )
  }
}
