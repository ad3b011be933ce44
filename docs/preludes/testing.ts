/** What the doc comments of testing take for granted. */
import type { Hook } from '@hookstep/catalogue'

export { type Hook, train } from '@hookstep/catalogue'
export { isolated } from '@hookstep/core/policies'
export { type Batch, type Random, Trainer } from '@hookstep/trainer'
export { test } from 'vitest'
export declare function progressBar(): Hook
