/** What the doc comments of testing take for granted. */
export { type Hook, train } from '@hookstep/catalogue'
export { type Batch, type Random, Trainer } from '@hookstep/trainer'
export { test } from 'vitest'
