/** What the doc comments of core take for granted. */
import { defineEvent, type Event, EventBus, type Hook } from '@hookstep/core'
import type { RankedRun } from '@hookstep/core/policies'

export const bus: EventBus = new EventBus()
export const paused: Event<{ step: number }> = defineEvent('my-hook.paused')
export declare function progressBar(): Hook<RankedRun>
