import { defineEvent, type Event } from '@hookstep/core'
import type { CheckpointPreContext, CommittedContext, RejectedContext } from './contexts.ts'

/** A checkpoint is about to be taken: the last moment to bring a hook's own state in order. */
export const pre: Event<CheckpointPreContext> = defineEvent('checkpoint.pre')

/**
 * A checkpoint is durable: it survives a crash. Told before the next one is taken and at the end of the run, so that the
 * order of events does not depend on the disk.
 */
export const committed: Event<CommittedContext> = defineEvent('checkpoint.committed')

/** A checkpoint was found damaged or incomplete and was not used. */
export const rejected: Event<RejectedContext> = defineEvent('checkpoint.rejected')
