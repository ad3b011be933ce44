import { checkTrigger, every, type Trigger } from '@hookstep/catalogue'
import type { CheckpointOptions, Keep } from './options.ts'
import { checkKeep } from './retention.ts'
import type { CheckpointStore } from './store.ts'

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly store: CheckpointStore
  readonly when: Trigger
  readonly keep: Keep
  readonly resume: string
  readonly onFailure: boolean
  readonly name: string
}

export const optionNames: readonly string[] = ['store', 'when', 'keep', 'resume', 'onFailure', 'name']

/** @throws TypeError | RangeError on an option that cannot be, naming it, its value and the remedy. */
export function resolveOptions(options: CheckpointOptions): ResolvedOptions {
  checkKeys('checkpoint', options, optionNames)
  const { store, when = every('1 epoch', { last: true }), keep = {}, resume = 'auto' } = options
  const { onFailure = true, name = 'checkpoint' } = options
  if (typeof store?.create !== 'function') {
    throw new TypeError(
      'checkpoint: store is missing; take memoryStore(), or a store of ./node, ./browser, ./s3',
    )
  }
  checkTrigger(when)
  checkKeepOption(keep)
  checkText('resume', resume, "'auto', 'newest', 'never' or a checkpoint's name")
  checkText('name', name, 'a name that no other hook of the run has')
  return { store, when, keep, resume, onFailure, name }
}

/** A misspelt option would quietly do nothing. */
export function checkKeys(what: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${what}: give an object with ${known.join(', ')}, not ${JSON.stringify(value)}`)
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown === undefined) return
  throw new TypeError(`${what}: there is no option ${JSON.stringify(unknown)}; there are ${known.join(', ')}`)
}

function checkKeepOption(keep: Keep): void {
  checkKeys('checkpoint: keep', keep, ['last', 'best', 'pinned'])
  if (keep.best !== undefined) checkKeys('checkpoint: keep.best', keep.best, ['metric', 'mode', 'count'])
  checkKeep(keep)
  if (keep.pinned !== undefined) checkTrigger(keep.pinned)
}

function checkText(option: string, value: unknown, expected: string): void {
  if (typeof value === 'string' && value !== '') return
  throw new TypeError(`checkpoint: ${option} is ${JSON.stringify(value)}; give ${expected}`)
}
