import { constants } from 'node:os'
import type { RunSummary } from '@hookstep/trainer'

export const exitCodes = { finished: 0, failed: 1, wrongFlag: 2, incidents: 3 } as const

/** Of a run that did not fail. Interrupted by a signal: 128 and its number, as shells have it. */
export function exitCodeOf({ reason, incidents }: RunSummary, strict: boolean): number {
  const signal = constants.signals[reason as NodeJS.Signals]
  if (signal !== undefined) return 128 + signal
  return strict && Object.keys(incidents).length > 0 ? exitCodes.incidents : exitCodes.finished
}
