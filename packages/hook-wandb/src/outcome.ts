import { type Run, train } from '@hookstep/catalogue'
import type { Item } from './log/records.ts'
import { item } from './row.ts'

/** How a training ended, as W&B is told. */
export interface Outcome {
  /**
   * W&B says `finished` for 0 and `failed` for all else. A training that was stopped has done what it was to do: 0; one that
   * was told to end at once, by a signal for example, has not: 255, as of the official client when it is interrupted.
   */
  readonly exitCode: number
  /** For the summary. */
  readonly items: readonly Item[]
}

/** Where nothing was told, the run did not come to its end. */
export const unknownOutcome: Outcome = { exitCode: 1, items: [item('trainer/outcome', 'failed')] }

/** Calls back when a training ends. */
export function onOutcome(run: Run, handle: (outcome: Outcome) => void): void {
  run.subscribe(train.finished, () => handle(outcome(0, 'finished')))
  run.subscribe(train.stopped, ({ aborted, reason, requestedBy }) => {
    handle(outcome(aborted ? 255 : 0, 'stopped', `${requestedBy}: ${reason}`))
  })
  run.subscribe(train.failed, ({ error, at }) => handle(outcome(1, 'failed', `${at}: ${messageOf(error)}`)))
}

function outcome(exitCode: number, name: string, reason = ''): Outcome {
  return { exitCode, items: [item('trainer/outcome', name), item('trainer/reason', reason)] }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
