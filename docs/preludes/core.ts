/** What the doc comments of core take for granted. */
import { defineEvent, type Event, EventBus } from '@hookstep/core'

export const bus: EventBus = new EventBus()
export const paused: Event<{ step: number }> = defineEvent('my-hook.paused')
