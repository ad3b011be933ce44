import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WandbServer } from '@hookstep/testing/wandb-server'
import { LogFile } from '../../src/log/log-file.ts'
import type { HistoryRecord, LogRecord } from '../../src/log/records.ts'
import { diskFolder } from '../../src/node/disk-folder.ts'
import type { RunFolder } from '../../src/run-folder.ts'
import type { StartUpload, Uploader, UploadRequest } from '../../src/uploader.ts'

/** A run that a test writes by hand, in a folder of its own: the records are the hook's, the training is not there. */
export class WrittenRun implements AsyncDisposable {
  readonly folder: RunFolder
  readonly location: string
  readonly id: string
  readonly warnings: string[] = []
  readonly found: string[] = []
  stops = 0
  /** How much later than others its rows are. */
  secondsLater = 0
  private readonly log: LogFile
  private uploader: Uploader | undefined
  private rows = 0

  private constructor(location: string, id: string) {
    this.location = location
    this.id = id
    this.folder = diskFolder(location)
    this.log = LogFile.begin(this.folder, this.logName, {
      written: (bytes) => this.uploader?.grown(bytes),
      failed: (error) => {
        throw error
      },
    })
  }

  static async begin(id = 'abc123', run: Partial<LogRecord> = {}, firstRow = 0): Promise<WrittenRun> {
    const written = new WrittenRun(await mkdtemp(join(tmpdir(), 'hookstep-wandb-')), id)
    written.rows = firstRow
    written.add({ type: 'header', producer: '0.31.0', minConsumer: '0.16.0' })
    const config = [{ key: 'lr', json: '0.1' }]
    written.add({ type: 'run', id, project: 'digits', startTime: 1_700_000_000, config, ...run } as LogRecord)
    return written
  }

  get logName(): string {
    return `run-${this.id}.wandb`
  }

  add(record: LogRecord): void {
    if (!this.log.append(record)) throw new Error('the log has no room')
  }

  /** Adds that many rows; the n-th of the run, counted from 0, has the loss 1 / (n + 1). */
  addRows(count: number): void {
    for (let row = 0; row < count; row++) this.add(rowOf(this.rows++, this.secondsLater))
  }

  exit(exitCode = 0): void {
    this.add({ type: 'exit', exitCode, runtime: 1 })
  }

  async flush(): Promise<void> {
    await this.log.flush()
  }

  /** Begins to send it to a server; what it holds already is told. */
  upload(
    server: Pick<WandbServer, 'url' | 'apiKey'>,
    start: StartUpload,
    request: Partial<UploadRequest> = {},
    resume: UploadRequest['address']['resume'] = 'allow',
  ): Uploader {
    const { id, folder, logName: log } = this
    this.uploader = start({
      address: {
        baseUrl: server.url,
        apiKey: server.apiKey,
        entity: undefined,
        project: 'digits',
        id,
        resume,
      },
      folder,
      log,
      warn: (message) => this.warnings.push(message),
      found: (url) => this.found.push(url),
      stop: () => this.stops++,
      ...request,
    })
    this.uploader.grown(this.log.written)
    return this.uploader
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close()
    await rm(this.location, { recursive: true, force: true })
  }
}

function rowOf(step: number, secondsLater: number): HistoryRecord {
  return {
    type: 'history',
    step,
    items: [
      { key: 'trainer/step', json: String(step + 1) },
      { key: 'loss', json: String(1 / (step + 1)) },
      { key: '_step', json: String(step) },
      { key: '_timestamp', json: String(1_700_000_000 + secondsLater + step) },
    ],
  }
}
