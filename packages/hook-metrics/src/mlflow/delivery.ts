import { type MlflowClient, Refusal, type Trouble } from './client.ts'
import { pause } from './pause.ts'
import type { Point } from './points.ts'
import {
  batchSize,
  endRun,
  type Introduction,
  logBatch,
  logParams,
  openRun,
  type RemoteRun,
  type Status,
} from './remote-run.ts'

export interface DeliveryOptions {
  /** Numbers that are kept while the server does not take them; beyond, the oldest go. */
  readonly capacity: number
  /** Milliseconds that are left when the run is over. */
  readonly deadlineMs: number
  readonly warn: (message: string) => void
}

/** Milliseconds that numbers are gathered for. */
const gatherMs = 1000
/** Between attempts, doubled from one to the next. */
const firstRetryMs = 100
const longestRetryMs = 60_000

/** Brings numbers to a server, in the background and in order, each until it is taken. */
export class Delivery {
  private readonly client: MlflowClient
  private readonly options: DeliveryOptions
  private readonly points: Point[] = []
  /** When the run is over: nothing more comes. */
  private readonly ending = new AbortController()
  /** When nobody waits any longer. */
  private readonly deadline = new AbortController()
  private remote: RemoteRun | undefined
  private isRefused = false
  private inTrouble = false
  /** Numbers that had to make room. */
  private overflowed = 0
  private finished: Promise<void> = Promise.resolve()
  private end: { status: Status; endedMs: number } | undefined

  constructor(client: MlflowClient, options: DeliveryOptions) {
    this.client = client
    this.options = options
  }

  /** The server's name for the run, once it has one. */
  get runId(): string | undefined {
    return this.remote?.id
  }

  /** What the server has not taken yet, as much as there is room for. */
  get unsent(): readonly Point[] {
    return this.points.slice(-this.options.capacity)
  }

  add(points: readonly Point[]): void {
    if (this.isRefused) return
    this.points.push(...points)
    const { capacity } = this.options
    const excess = this.points.length - capacity
    // Many at a time: each time, all that stay are moved.
    if (excess < Math.min(batchSize, capacity)) return
    this.points.splice(0, excess)
    this.overflowed += excess
  }

  /** Begins to deliver. Never rejects, as nothing here does. */
  start(introduction: Introduction): void {
    this.finished = this.deliver(introduction).catch((error: Error) => this.giveUp(error))
  }

  /** How the run ended; the server is told behind everything else. */
  finish(status: Status): void {
    this.end = { status, endedMs: Date.now() }
  }

  /** Waits until all is delivered, until the deadline at most. */
  async close(): Promise<void> {
    this.ending.abort()
    const timer = setTimeout(() => this.deadline.abort(), this.options.deadlineMs)
    await this.finished
    clearTimeout(timer)
    const { capacity, warn } = this.options
    if (this.overflowed > 0)
      warn(`${this.overflowed} numbers made room for newer ones (capacity: ${capacity})`)
  }

  private async deliver(introduction: Introduction): Promise<void> {
    const remote = await this.open(introduction)
    this.remote = remote
    while (!this.ending.signal.aborted || this.points.length > 0) {
      if (this.points.length < batchSize) await pause(gatherMs, this.ending.signal)
      await this.sendBatch(remote)
    }
    const { end } = this
    if (end !== undefined) await this.persistently((signal) => endRun(this.client, remote.id, end, signal))
  }

  /** The run that goes on, or a new one, which is told what it is made with. */
  private async open(introduction: Introduction): Promise<RemoteRun> {
    const { client, options } = this
    const remote = await this.persistently((signal, attempt) =>
      openRun(client, introduction, { isRepeated: attempt > 0, signal }),
    )
    if (introduction.isResumed && remote.isNew) {
      options.warn('the server does not have the run that goes on; another one begins at this step')
    }
    if (!remote.hasParams) await this.sendParams(remote, introduction)
    return remote
  }

  private async sendParams({ id }: RemoteRun, { params }: Introduction): Promise<void> {
    try {
      await this.persistently((signal) => logParams(this.client, id, params, signal))
    } catch (error) {
      if (!isUnacceptable(error)) throw error
      this.options.warn(`MLflow does not take the configuration: ${error.message}`)
    }
  }

  /** What the server has already from before a resume is passed over. */
  private async sendBatch({ id, latest }: RemoteRun): Promise<void> {
    const batch = this.points.slice(0, batchSize)
    const last = batch.at(-1)
    if (last === undefined) return
    const news = batch.filter(({ key, step }) => step > (latest.get(key) ?? -1))
    if (news.length > 0) await this.sendOrTell(id, news)
    // In the meantime the oldest may have gone.
    this.points.splice(0, this.points.indexOf(last) + 1)
  }

  private async sendOrTell(id: string, points: readonly Point[]): Promise<void> {
    try {
      await this.persistently((signal) => logBatch(this.client, id, points, signal))
    } catch (error) {
      if (!isUnacceptable(error)) throw error
      this.options.warn(`MLflow does not take ${points.length} numbers: ${error.message}`)
    }
  }

  /** Asks until there is an answer, ever less often. When the run has ended, a wait is cut short once. */
  private async persistently<Answer>(
    request: (signal: AbortSignal, attempt: number) => Promise<Answer>,
  ): Promise<Answer> {
    for (let attempt = 0, waits = 0; ; attempt++, waits++) {
      try {
        const answer = await request(this.deadline.signal, attempt)
        this.inTrouble = false
        return answer
      } catch (error) {
        if (error instanceof Refusal || this.deadline.signal.aborted) throw error
        this.tell(error as Trouble)
        waits = await this.rest(waits, (error as Trouble).retryAfterMs)
      }
    }
  }

  /** @returns how many waits lie behind: none where the run has ended during this one. */
  private async rest(waits: number, retryAfterMs: number = 0): Promise<number> {
    const wasEnding = this.ending.signal.aborted
    const ms = Math.max(retryAfterMs, Math.min(longestRetryMs, firstRetryMs * 2 ** waits))
    await pause(ms, wasEnding ? this.deadline.signal : this.ending.signal)
    return !wasEnding && this.ending.signal.aborted ? -1 : waits
  }

  /** Once for each time that it begins. */
  private tell({ message }: Error): void {
    if (!this.inTrouble) this.options.warn(`MLflow does not answer (${message}); numbers wait until it does`)
    this.inTrouble = true
  }

  private giveUp(error: Error): void {
    this.isRefused = true
    const reason =
      error instanceof Refusal
        ? `MLflow refuses: ${error.message}`
        : `MLflow did not take everything within ${this.options.deadlineMs} ms after the end (deadlineMs)`
    this.options.warn(`${reason}; ${this.points.length} numbers were not sent`)
  }
}

/** Of this request the server says that it is wrong; another one may do. */
function isUnacceptable(error: unknown): error is Refusal {
  return error instanceof Refusal && error.status === 400
}
