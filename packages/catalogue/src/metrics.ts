import { defineEvent, type Event } from '@hookstep/core'
import type { MeasuredContext, MediaContext } from './contexts.ts'

/** A hook has measured something: whoever writes numbers down takes these as well. May come between any two events. */
export const measured: Event<MeasuredContext> = defineEvent('metrics.measured')

/** There is something to look at: a text, a picture, a distribution, a table. May come between any two events. */
export const media: Event<MediaContext> = defineEvent('metrics.media')
