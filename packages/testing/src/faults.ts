import type { Hook, Run } from '@hookstep/catalogue'
import type { Event, Handler } from '@hookstep/core'
import { overriding } from './overriding.ts'
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
}

export interface FaultyHookOptions<Context extends object> extends FaultOptions<Context> {
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
export function faultyHook<Context extends object>(options: FaultyHookOptions<Context>): Hook {
  const { at, name = 'faulty' } = options
  const hook: Hook = {
    name,
    setup(run) {
      if (typeof at === 'object') run.subscribe(at, () => {})
      return () => {}
    },
  }
  return withFault(hook, options)
}

/**
 * The same hook, one of whose handlers misbehaves: for tests of what becomes of a run, and of the hook itself, then. Give
 * policies to what this returns, not to the hook within.
 *
 * ```ts
 * const hooks = [isolated(withFault(progressBar(), { at: train.log, fault: 'throws' }))]
 * ```
 */
export function withFault<Context extends object>(hook: Hook, options: FaultOptions<Context>): Hook {
  const { at } = options
  return {
    name: hook.name,
    async setup(run) {
      if (at === 'setup') await misbehave(options)
      const cleanup = await hook.setup(typeof at === 'object' ? faultyRun(run, at, options) : run)
      if (at !== 'cleanup') return cleanup
      return async () => {
        await misbehave(options)
        await cleanup?.()
      }
    },
  }
}

/** The run as a hook sees it that misbehaves at an event. */
function faultyRun<Faulty extends object>(
  run: Run,
  { id }: Event<Faulty>,
  options: FaultOptions<Faulty>,
): Run {
  let deliveries = 0
  const subscribe: Run['subscribe'] = (event, handler, others) =>
    run.subscribe(event, event.id === id ? faulty(handler) : handler, others)
  const faulty =
    <Context extends object>(handler: Handler<Context>): Handler<Context> =>
    (context) => {
      if (++deliveries !== (options.delivery ?? 1)) return handler(context)
      return misbehave(options).then(() => handler(context))
    }
  return overriding(run, 'subscribe', subscribe)
}

/** Throws, or returns a promise: that it is slow, or of nothing. */
function misbehave<Context extends object>(options: FaultOptions<Context>): Promise<void> {
  const { fault, error = new Error('faulty on purpose'), slowMs = 10 } = options
  if (fault === 'throws') throw error
  if (fault === 'rejects') return Promise.reject(error)
  return fault === 'slow' ? later(slowMs) : new Promise(() => {})
}
