import type { Hook } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { later } from './platform.ts'

/** How a handler misbehaves. `slow` takes `slowMs`, then goes on as if nothing had been. */
export type Fault = 'throws' | 'rejects' | 'never-settles' | 'slow'

export interface FaultOptions<Context extends object> {
  /** The event whose handler misbehaves, or the hook's `setup` or `cleanup`. */
  readonly at: Event<Context> | 'setup' | 'cleanup'
  readonly fault: Fault
  /** Which delivery of the event it is, counted from 1. Default 1. */
  readonly delivery?: number
  /** What is thrown. Default: an error with the message `faulty on purpose`. */
  readonly error?: unknown
  /** Milliseconds. Default 10. */
  readonly slowMs?: number
  /** Default `faulty`. */
  readonly name?: string
}

/**
 * A hook that fails where it is told to: for tests of what becomes of a run then.
 *
 * ```ts
 * const hooks = [faultyHook({ at: train.step.post, fault: 'throws', delivery: 3 })]
 * ```
 */
export function faultyHook<Context extends object>(options: FaultOptions<Context>): Hook {
  const { at, delivery = 1, name = 'faulty' } = options
  return {
    name,
    async setup(run) {
      if (at === 'setup') await misbehave(options)
      if (typeof at === 'object') {
        let deliveries = 0
        run.subscribe(at, () => (++deliveries === delivery ? misbehave(options) : undefined))
      }
      return () => (at === 'cleanup' ? misbehave(options) : undefined)
    },
  }
}

function misbehave<Context extends object>(options: FaultOptions<Context>): Promise<void> {
  const { fault, error = new Error('faulty on purpose'), slowMs = 10 } = options
  if (fault === 'throws') throw error
  if (fault === 'rejects') return Promise.reject(error)
  return fault === 'slow' ? later(slowMs) : new Promise(() => {})
}
