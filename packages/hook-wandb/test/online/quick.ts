import type { Pacing } from '../../src/online/pacing.ts'

/** A hundredth of the real times, and requests so small that a run takes some thirty of them. */
export const quick: Pacing = {
  batchMs: 10,
  heartbeatMs: 300,
  requestMs: 900,
  firstRetryMs: 5,
  longestRetryMs: 40,
  batchBytes: 48 * 1024,
}
