/** How often and how long. All in milliseconds but the last. */
export interface Pacing {
  /** From a request to the next while there is something to send. */
  readonly batchMs: number
  /** From a request to the next while there is nothing: W&B takes a run for crashed that it hears nothing of. */
  readonly heartbeatMs: number
  /** How long an answer is waited for. */
  readonly requestMs: number
  /** Before the first retry; twice as long before each further one. */
  readonly firstRetryMs: number
  /** Before a retry, at the longest. */
  readonly longestRetryMs: number
  /** Bytes of the lines of a request, at most; W&B takes 10 MiB. Fewer keep the training thread free for longer. */
  readonly batchBytes: number
}

/** That of the official client, but for the size of a request. */
export const defaultPacing: Pacing = {
  batchMs: 2_000,
  heartbeatMs: 30_000,
  requestMs: 90_000,
  firstRetryMs: 2_000,
  longestRetryMs: 60_000,
  batchBytes: 2 * 2 ** 20,
}

/** What W&B takes in one request, and what a line can have at most. */
export const requestBytes: number = 10 * 2 ** 20
