import type { RunFolder } from './run-folder.ts'

/*
 * Exactly once. The transaction log is the truth, and what is sent is read from it: while a run goes on, after a crash,
 * and by `sync`.
 *
 * - A record that is in the log stays there, where it is. Only a torn tail, and an exit record at the end, are cut off
 *   when a run goes on.
 * - The rows of a log are numbered one by one (`HistoryRecord.step`), from the run record's `startingStep` on. A run
 *   that goes on from a checkpoint finds the rows that came after it in the log, and writes none of them a second
 *   time: it goes on behind the last. So the log has each row once, whatever was sent by then.
 * - The n-th row is line n of the history on the server. A server that has k lines lacks the rows from
 *   number k on, and these alone are sent, at offset k. The same holds for lines of output and for system metrics,
 *   counted from 0 in the order of the log.
 * - Where the run on the server had lines before a log was begun, and the log does not go on from them
 *   (`startingStep` 0, and the server said so before anything of this log was sent), whoever sends keeps how many in the
 *   run's folder, and adds them.
 */

/** A run of W&B, and how it is reached. */
export interface RunAddress {
  /** `https://api.wandb.ai` or a server of one's own, without a slash at its end. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Default: the one of the key's owner. */
  readonly entity: string | undefined
  readonly project: string
  readonly id: string
  /**
   * Whether there must be a run of this id, may be one, or must be none. `go-on`: this training goes on with
   * it, from a checkpoint; it may not have reached the server yet.
   */
  readonly resume: 'must' | 'allow' | 'never' | 'go-on'
}

/** What an uploader is given. */
export interface UploadRequest {
  readonly address: RunAddress
  readonly folder: RunFolder
  /** The transaction log in the folder: `run-<id>.wandb`. It begins with a header and the run record. */
  readonly log: string
  /** Tells the user: that the server cannot be reached, or that the run is offline from now on. Not for every retry. */
  warn(message: string): void
  /** The run's page, as soon as it is known. */
  found(url: string): void
  /** Somebody has pressed Stop on the website. */
  stop(): void
}

/**
 * Sends a transaction log while it grows: in the background, from the file. It never throws, never rejects, and
 * keeps nobody waiting but in `finish`.
 */
export interface Uploader {
  /** The log holds whole records up to this byte. */
  grown(bytes: number): void
  /** Nothing is sent any more: the run is offline. */
  readonly isOver: boolean
  /**
   * Nothing is added any more. Sends what is missing, and settles at the latest when `deadlineMs` milliseconds have passed.
   * Leaves no timer and no request behind.
   */
  finish(deadlineMs: number): Promise<UploadOutcome>
}

/** What became of an upload. */
export interface UploadOutcome {
  /** Why something is missing on the server: it is in the log, and `sync` sends it. */
  readonly incomplete?: string
  /** The user was warned of that while the run went on. */
  readonly isTold?: boolean
}

/** Begins to send a log. */
export type StartUpload = (request: UploadRequest) => Uploader
