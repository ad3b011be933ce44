import type { Cleanup, Hook } from '../hook.ts'
import { HandlerQueue, type Overflow } from './handler-queue.ts'
import { disposable } from './platform.ts'
import {
  checkHandler,
  checkMilliseconds,
  checkNames,
  checkNumber,
  overriding,
  type PolicyRun,
  wrapping,
} from './policy-run.ts'
import type { Listener } from './waiting.ts'

export interface BackgroundOptions {
  /** Events that can wait. Default 1024. With `latest` there is one place for each of the hook's handlers instead. */
  readonly capacity?: number
  /**
   * What becomes of an event when the queue is full. `block`: the run waits until there is room, and nothing is lost.
   * `drop-oldest`: the one that has waited longest is dropped. `latest`: of each event only the newest waits, even while there is
   * room. Default `block`.
   */
  readonly overflow?: Overflow
  /** Milliseconds that the end of the run, and a checkpoint, wait for what is queued. Default 10,000. */
  readonly drainMs?: number
  /** Milliseconds after which a handler's unsettled promise is a failure, and the next handler has its turn. Default 240,000. */
  readonly handlerTimeoutMs?: number
}

/**
 * The same hook, whose handlers the run does not wait for: they are called in order, one after another, from a queue of the
 * hook's own, when the event loop has its turn. What a handler throws is reported to the run, and so is what was dropped.
 *
 * - Whether an event is for a handler (`when`, `once`, `signal`) is decided when it happens.
 * - A checkpoint waits until the hook has been told everything up to it, so that the state it saves is complete. The
 *   end waits as well; what is left after `drainMs` is reported. Then the hook's cleanup runs.
 * - A handler sees the run as it is by then. What a context tells is as it was; what it reads from the device (`loss()`) is there
 *   only within its step, and rejects: take numbers from `train.log`. A queued context keeps its batch in memory.
 * - What must act at its moment cannot be in the background: `capture()`, `restore()`, `skipStep()` for this step.
 *
 * ```ts
 * const hooks = [background(progressBar(), { overflow: 'latest' })]
 * ```
 *
 * @throws TypeError | RangeError on what is no hook, and on an option that cannot be.
 */
export function background<Run extends PolicyRun>(
  hook: Hook<Run>,
  options: BackgroundOptions = {},
): Hook<Run> {
  checkNames('background', options, names)
  const resolved = resolve(options)
  const { drainMs } = resolved
  return wrapping('background', hook, async (run) => {
    const queue = new HandlerQueue({ ...resolved, report: (incident) => run.report(incident) })
    const cleanup = await hook.setup(backgroundRun(run, queue, drainMs))
    return () => end(queue, drainMs, () => cleanup?.())
  })
}

const names = { capacity: true, overflow: true, drainMs: true, handlerTimeoutMs: true } as const

const overflows: readonly Overflow[] = ['block', 'drop-oldest', 'latest']

function resolve({
  capacity,
  overflow = 'block',
  drainMs = 10_000,
  handlerTimeoutMs = 240_000,
}: BackgroundOptions) {
  if (!overflows.includes(overflow)) {
    throw new RangeError(
      `background: overflow is ${JSON.stringify(overflow)}; it must be one of ${overflows.join(', ')}`,
    )
  }
  if (overflow === 'latest' && capacity !== undefined) {
    throw new TypeError("background: capacity means nothing with overflow: 'latest': leave it out")
  }
  const room = capacity ?? 1024
  checkNumber('background: capacity', room, 'a whole number of events, at least 1', (count) => {
    return Number.isSafeInteger(count) && count >= 1
  })
  checkMilliseconds('background: drainMs', drainMs)
  checkMilliseconds('background: handlerTimeoutMs', handlerTimeoutMs)
  return { capacity: room, overflow, drainMs, handlerTimeoutMs }
}

function backgroundRun<Run extends PolicyRun>(run: Run, queue: HandlerQueue, drainMs: number): Run {
  const members: Partial<PolicyRun> = {
    subscribe(event, handler, options) {
      checkHandler(event, handler)
      const timed = run.onQueue?.(event, handler) ?? handler
      const listener: Listener = { at: event.id, handler: timed, isOver: false }
      const unsubscribe = run.subscribe(event, (context) => queue.add(listener, context), options)
      return disposable(() => {
        listener.isOver = true
        unsubscribe()
      })
    },
    ...(run.persist && {
      persist: (state) => run.persist?.(drained(state, run, queue, drainMs) as never),
    }),
  }
  return overriding<Run>(run, members as Partial<Run>)
}

/** State as it is kept: `load` is given what `save` has returned. */
interface Persisted {
  save(): unknown
  load(state: unknown): unknown
}

/** The same state, saved and loaded when the hook has been told everything up to then. */
function drained(state: Persisted, run: PolicyRun, queue: HandlerQueue, drainMs: number): Persisted {
  const drain = async (at: string): Promise<void> => {
    const left = await queue.drain(drainMs)
    if (left === 0) return
    const error = new Error(`the state is without the last ${left} events: ${lateness(drainMs)}`)
    run.report({ kind: 'failed', at, error })
  }
  return overriding(state, {
    save: () => (queue.isIdle ? state.save() : drain('persist.save').then(() => state.save())),
    load: (saved) => (queue.isIdle ? state.load(saved) : drain('persist.load').then(() => state.load(saved))),
  })
}

async function end(queue: HandlerQueue, drainMs: number, cleanup: Cleanup): Promise<void> {
  await queue.drain(drainMs)
  queue.close(`the run is over, and ${lateness(drainMs)}`)
  await cleanup()
}

function lateness(drainMs: number): string {
  return `the queue was not empty after ${drainMs} ms (drainMs)`
}
