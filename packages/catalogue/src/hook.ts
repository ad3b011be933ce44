import { defineEvent, type Event } from '@hookstep/core'
import type { HookDroppedContext, HookFailedContext, HookSlowContext } from './contexts.ts'

/** A handler of an isolated or background hook failed; the run goes on. May come between any two events. */
export const failed: Event<HookFailedContext> = defineEvent('hook.failed')

/** A hook was not told of events: its queue was full, the end came first, or it had failed too often. */
export const dropped: Event<HookDroppedContext> = defineEvent('hook.dropped')

/** A handler has kept the run waiting for longer than the trainer's `slowHookMs`. */
export const slow: Event<HookSlowContext> = defineEvent('hook.slow')
