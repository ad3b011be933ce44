import type { UploadRequest } from '../uploader.ts'
import { baseOf, checkResumable, countsOf, type LostRows, readRun } from './beginning.ts'
import { Described } from './described.ts'
import { stream } from './file-stream.ts'
import { type ResumeStatus, type RunName, resumeStatus, upsertRun } from './graphql.ts'
import type { Connection } from './http.ts'
import type { Pacing } from './pacing.ts'
import type { Patience } from './patience.ts'
import { type Counts, Pending } from './pending.ts'
import { RequestError } from './request-error.ts'
import { fileOf, jsonFile, putFiles, type RunFile } from './run-files.ts'
import { readState, type SentState, writeState } from './sent-state.ts'

/** What sending works with. */
export interface Means {
  readonly request: UploadRequest
  readonly connection: Connection
  readonly patience: Patience
  readonly pacing: Pacing
  readonly lostRows: LostRows
}

/** A run that is on the server, and what of its log is not. */
export class Sending {
  private readonly means: Means
  private readonly described: Described
  private readonly pending: Pending
  private readonly run: RunName
  private state: SentState
  /** Files that were put, and that the server was not told of yet. */
  private put: string[] = []
  private toldChanges: number
  private toldSummary = 0
  /** A request has failed that may have been applied. */
  private unclear = false
  private toldStop = false
  private lastRequest = Date.now()

  private constructor(means: Means, parts: Beginning, entity: string) {
    this.means = means
    this.described = parts.described
    this.state = parts.state
    this.run = { ...means.request.address, entity }
    this.toldChanges = parts.described.changes
    this.rowsBefore = countsOf(parts.status).history - parts.state.base.history
    this.pending = new Pending(
      means.request,
      parts.described,
      ownCounts(countsOf(parts.status), parts.state.base),
    )
  }

  /**
   * Creates the run on the server, or finds it there. What must be known later is written down before.
   *
   * @throws RequestError where that cannot be done.
   */
  static async begin(means: Means): Promise<Sending> {
    const { request, connection, patience } = means
    const { address } = request
    const { parts, description } = await patience.attempt(() => beginningOf(means))
    const bucket = await patience.attempt(() => upsertRun(connection, address, description))
    const entity = bucket.project.entity.name
    request.found(`${siteOf(address.baseUrl)}/${entity}/${address.project}/runs/${address.id}`)
    return new Sending(means, parts, entity)
  }

  /**
   * Sends a portion of what is missing.
   *
   * @param end the log holds whole records up to this byte.
   * @returns whether that was all.
   */
  async portion(end: number): Promise<boolean> {
    const { patience, pacing } = this.means
    const whole = await patience.attempt(() => this.pending.read(end, pacing.batchBytes))
    await this.describe()
    await this.putFinished()
    if (this.hasNews || Date.now() - this.lastRequest >= pacing.heartbeatMs) await this.send()
    return whole
  }

  /** Sends what is sent once nothing is added any more. */
  async last(end: number): Promise<void> {
    const { folder } = this.means.request
    const late = [...this.pending.lateFiles].map((path) => fileOf(folder, path))
    await this.putAll([
      ...late,
      jsonFile('config.yaml', this.described.configJson),
      jsonFile('wandb-summary.json', this.described.summary),
    ])
    await this.send(this.pending.exitCode)
    if (this.pending.exitCode !== undefined) await this.markComplete(end)
  }

  /** Rows of the log that were read so far. */
  get rowsRead(): number {
    return this.pending.rowsRead
  }

  /** Rows that the server had when this began. */
  readonly rowsBefore: number

  private get hasNews(): boolean {
    return !this.pending.isEmpty || this.put.length > 0 || this.described.summaryChanges > this.toldSummary
  }

  private async describe(): Promise<void> {
    const { changes, description } = this.described
    if (changes === this.toldChanges) return
    await this.means.patience.attempt(() => upsertRun(this.means.connection, this.run, description))
    this.toldChanges = changes
  }

  private async putFinished(): Promise<void> {
    const { folder } = this.means.request
    const files = this.pending.files.filter(({ end }) => end > this.state.filesTo)
    this.pending.files = []
    if (files.length === 0) return
    await this.putAll(files.map(({ path }) => fileOf(folder, path)))
    await this.note({ filesTo: files.at(-1)?.end as number })
  }

  private async putAll(files: readonly RunFile[]): Promise<void> {
    const { connection, patience, request } = this.means
    this.put.push(...(await putFiles(files, { connection, run: this.run, patience, warn: request.warn })))
  }

  private async send(exitCode?: number): Promise<void> {
    const { summary, summaryChanges } = this.described
    await this.means.patience.attempt(async () => {
      if (this.unclear) await this.compare()
      this.unclear = true
      const { stopped } = await stream(this.means.connection, this.run, {
        chunks: this.pending.chunks(this.state.base),
        summary: summaryChanges > this.toldSummary ? summary : undefined,
        uploaded: this.put,
        exitCode,
      })
      this.unclear = false
      this.pending.allArrived()
      if (stopped) this.stop()
    })
    this.toldSummary = summaryChanges
    this.put = []
    this.lastRequest = Date.now()
  }

  /** What was sent may have arrived. */
  private async compare(): Promise<void> {
    const status = await resumeStatus(this.means.connection, this.run)
    if (status === undefined)
      throw new RequestError(`the run ${this.run.id} is no longer there`, { final: true })
    this.pending.arrived(ownCounts(countsOf(status), this.state.base))
  }

  private stop(): void {
    if (this.toldStop) return
    this.toldStop = true
    this.means.request.stop()
  }

  private async markComplete(end: number): Promise<void> {
    const { folder, log } = this.means.request
    await this.note({ completeTo: end })
    // The official `wandb sync` passes over a log that has such a neighbour; it would send all rows again.
    await folder.write(`${log}.synced`, new Uint8Array(0)).catch(() => {})
  }

  /** On a disk that is full it is done without: files may be put once more by `sync`, and no line. */
  private async note(changes: Partial<SentState>): Promise<void> {
    this.state = { ...this.state, ...changes }
    await writeState(this.means.request.folder, this.state).catch(() => {})
  }
}

/** What is known before anything was sent. */
interface Beginning {
  readonly described: Described
  readonly state: SentState
  readonly status: ResumeStatus | undefined
}

async function beginningOf({ request, connection, lostRows }: Means) {
  const { address, folder } = request
  const run = await readRun(request)
  const status = await resumeStatus(connection, address)
  const known = await readState(folder, address)
  if (known === undefined) checkResumable(request, status)
  const state = known ?? (await firstState(request, await baseOf(request, run, status, lostRows)))
  const described = new Described()
  if (status !== undefined) described.goOn(status)
  described.take(run)
  return { parts: { described, state, status }, description: described.description }
}

async function firstState({ address, folder }: UploadRequest, base: Counts): Promise<SentState> {
  const { baseUrl, entity, project, id } = address
  const state: SentState = { version: 1, baseUrl, entity: entity ?? null, project, id, base, filesTo: 0 }
  const isNeeded = Object.values(base).some((lines) => lines !== 0)
  await writeState(folder, state).catch((error: unknown) => {
    // A log that begins where the server has nothing is recognised by its rows.
    if (isNeeded) throw error
  })
  return state
}

/** Lines of the log that the server has. */
function ownCounts(counts: Counts, base: Counts): Counts {
  return {
    history: counts.history - base.history,
    events: counts.events - base.events,
    log: counts.log - base.log,
  }
}

/** Where people look at the runs of a server. */
function siteOf(baseUrl: string): string {
  return baseUrl.replace('://api.wandb.', '://wandb.').replace('://api.', '://app.')
}
