import { messageOf } from '../outcome.ts'
import type { StartUpload, Uploader, UploadOutcome, UploadRequest } from '../uploader.ts'
import { defaultPacing, type Pacing } from './pacing.ts'
import { Patience } from './patience.ts'
import type { RequestError } from './request-error.ts'
import { Sending } from './sending.ts'

/** Sends a log while it grows. */
export const startUpload: StartUpload = (request) => new Upload(request, {})

/** The same at a pace of one's own. */
export function uploadAt(options: Partial<Pacing>): StartUpload {
  return (request) => new Upload(request, options)
}

/** What ends an upload whose time is up. */
const timeIsUp = new Error('the time for the upload is up')

class Upload implements Uploader {
  private readonly request: UploadRequest
  private readonly pacing: Pacing
  private readonly patience: Patience
  private readonly ending = new AbortController()
  private readonly outcome: Promise<UploadOutcome>
  private bytes = 0
  private finishing = false
  private hasToldUnreached = false
  isOver = false
  /** Nothing is under way that a pause separates from the next attempt. */
  private idle = false

  constructor(request: UploadRequest, pacing: Partial<Pacing>) {
    this.request = request
    this.pacing = { ...defaultPacing, ...pacing }
    const { signal } = this.ending
    this.patience = new Patience(this.pacing, signal, Number.POSITIVE_INFINITY, (failure) =>
      this.failed(failure),
    )
    this.outcome = this.upload()
  }

  grown(bytes: number): void {
    this.bytes = bytes
    if (this.idle) this.patience.wake()
  }

  async finish(deadlineMs: number): Promise<UploadOutcome> {
    this.finishing = true
    this.patience.wake()
    const timer = Number.isFinite(deadlineMs)
      ? setTimeout(() => this.ending.abort(timeIsUp), deadlineMs)
      : undefined
    try {
      return await this.outcome
    } finally {
      clearTimeout(timer)
    }
  }

  private async upload(): Promise<UploadOutcome> {
    try {
      await this.somethingToSend()
      await this.sendAll()
      return {}
    } catch (error) {
      return this.offline(messageOf(error === timeIsUp ? (this.patience.failure ?? error) : error))
    }
  }

  private async sendAll(): Promise<void> {
    const { address } = this.request
    const { requestMs } = this.pacing
    const connection = { ...address, requestMs, signal: this.ending.signal }
    const sending = await Sending.begin({
      request: this.request,
      connection,
      patience: this.patience,
      pacing: this.pacing,
      lostRows: 'wait',
    })
    for (;;) {
      // Asked before: what is added while a portion is sent is not in it.
      const { finishing, bytes } = this
      const whole = await sending.portion(bytes)
      if (whole && finishing) return sending.last(bytes)
      if (!this.finishing) await this.patience.pause(this.pacing.batchMs)
      if (!this.finishing && whole && bytes === this.bytes) await this.doze(this.pacing.heartbeatMs)
    }
  }

  /** The log holds a record by the first `grown`. */
  private async somethingToSend(): Promise<void> {
    while (this.bytes === 0 && !this.finishing) await this.doze(this.pacing.heartbeatMs)
  }

  /** A pause that ends when the log grows. */
  private async doze(ms: number): Promise<void> {
    this.idle = true
    try {
      await this.patience.pause(ms)
    } finally {
      this.idle = false
    }
  }

  /** A server that is gone is told of once: it may come back, and go again. */
  private failed({ unreached }: RequestError): void {
    if (unreached === undefined || this.hasToldUnreached) return
    this.hasToldUnreached = true
    const { folder, warn } = this.request
    warn(
      `${unreached.server} cannot be reached (${unreached.reason}): the run goes on, ` +
        `everything is kept in ${folder.location}; trying again`,
    )
  }

  /** The user is told at once, but where the run is over. */
  private offline(incomplete: string): UploadOutcome {
    this.isOver = true
    const isTold = !this.finishing
    const { folder, warn } = this.request
    if (isTold) warn(`offline from now on: ${incomplete}. What is missing is in ${folder.location}`)
    return { incomplete, isTold }
  }
}
