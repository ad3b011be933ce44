import {
  checkpoint,
  evaluate,
  type Hook,
  hook as hookEvents,
  inference,
  type Run,
  train,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { clock } from './platform.ts'
import type { HandlerSpan, SpanListener } from './timings.ts'
import { TraceBuffer, type TraceEntry } from './trace-buffer.ts'
import { formatTrace, runThread } from './trace-format.ts'

export interface ChromeTraceOptions {
  /** How many spans and moments are kept: of a longer run the newest. Default 100,000, some 15 MB of JSON. */
  readonly spans?: number
}

/** A hook that takes down where the time of a run goes. */
export interface ChromeTrace extends Hook {
  /** What is known by now, as JSON for Perfetto (ui.perfetto.dev) or chrome://tracing. */
  toString(): string
}

/**
 * Takes down a run for a trace viewer: the phases of the run on one thread, the handlers of each hook on
 * another, those of hooks in the background on one for their queue; what handlers wait for, and where JavaScript waits
 * for the device. Every call is timed, which costs some microseconds each. Put it before the other hooks.
 *
 * ```ts
 * const trace = chromeTrace()
 * // … after a run with `hooks: [trace, …]`, however it ended
 * await writeFile('trace.json', String(trace))
 * ```
 *
 * @throws RangeError on a number of spans that cannot be.
 */
export function chromeTrace({ spans = 100_000 }: ChromeTraceOptions = {}): ChromeTrace {
  if (!(Number.isSafeInteger(spans) && spans > 0)) {
    throw new RangeError(`chromeTrace: spans is ${spans}; it must be a positive whole number`)
  }
  const recording = new Recording(spans)
  return {
    name: 'chrome-trace',
    setup: (run) => recording.follow(run),
    toString: () => recording.format(),
  }
}

type Occurrence = Readonly<Record<string, unknown>>

const phases: readonly (readonly [pre: Event<object>, post: Event<object>])[] = [
  [evaluate.pre, evaluate.post],
  ...[
    train.epoch,
    train.step,
    train.batch,
    train.forward_backward,
    train.microbatch,
    train.optimizer_step,
    evaluate.step,
    inference.step,
    inference.forward,
  ].map(({ pre, post }) => [pre as Event<object>, post as Event<object>] as const),
]

const moments: readonly Event<object>[] = [
  train.ready,
  inference.ready,
  checkpoint.committed,
  checkpoint.rejected,
  hookEvents.failed,
  hookEvents.dropped,
  hookEvents.slow,
  train.finished,
  train.stopped,
  train.failed,
  inference.finished,
  inference.stopped,
  inference.failed,
]

/** What a run tells of its handlers' time, beside what it tells every hook. */
interface TimedRun extends Run {
  onSpan?(listener: SpanListener): () => void
}

class Recording {
  private readonly buffer: TraceBuffer
  /** Phases that are under way, the outermost first. */
  private open: TraceEntry[] = []
  private began = 0
  private rank = 0

  constructor(capacity: number) {
    this.buffer = new TraceBuffer(capacity)
  }

  follow(run: TimedRun): () => void {
    this.buffer.clear()
    this.open = []
    this.began = clock()
    this.rank = run.distributed.rank
    for (const [pre, post] of phases) {
      run.subscribe(pre, (context) => this.enter(pre, context as Occurrence))
      run.subscribe(post, () => this.leave(pre))
    }
    for (const event of moments) {
      run.subscribe(event, (context) => this.mark(event, context as Occurrence))
    }
    const stop = run.onSpan?.((span) => this.addSpan(span))
    return () => {
      stop?.()
      this.leaveAll()
    }
  }

  format(): string {
    const { began, rank, buffer } = this
    const underWay = this.open.map((entry) => ({ ...entry, ended: clock() }))
    return formatTrace([...buffer, ...underWay], { began, rank, dropped: buffer.dropped })
  }

  private enter({ id }: Event<object>, context: Occurrence): void {
    this.open.push(entryOf(id.slice(0, -'.pre'.length), 'span', context))
  }

  /** What was begun within and has not ended, such as a step that failed, ends as well. */
  private leave({ id }: Event<object>): void {
    const position = this.open.findLastIndex(({ name }) => `${name}.pre` === id)
    if (position < 0) return
    const ended = clock()
    for (const entry of this.open.splice(position).reverse()) this.buffer.add({ ...entry, ended })
  }

  private leaveAll(): void {
    const ended = clock()
    for (const entry of this.open.splice(0).reverse()) this.buffer.add({ ...entry, ended })
  }

  private mark({ id }: Event<object>, context: Occurrence): void {
    this.buffer.add(entryOf(id, 'moment', context))
  }

  private addSpan({ hook, at, lane, kind, began, ended }: HandlerSpan): void {
    if (hook === 'chrome-trace') return
    const thread = lane === 'queue' ? `hook ${hook} (queue)` : `hook ${hook}`
    const name = kind === 'host sync' ? 'host sync' : at
    this.buffer.add({ thread, name, kind: kinds[kind], began, ended })
  }
}

const kinds = { call: 'span', wait: 'wait', 'host sync': 'moment' } as const

function entryOf(name: string, kind: TraceEntry['kind'], context: Occurrence): TraceEntry {
  const now = clock()
  return { thread: runThread, name, kind, began: now, ended: now, details: detailsOf(context) }
}

/** What of a context belongs in a trace. */
const told = ['step', 'epoch', 'microbatch', 'batch', 'size', 'hook', 'at', 'count', 'seconds', 'reason']

function detailsOf(context: Occurrence): Readonly<Record<string, unknown>> {
  const details = told.map((name) => [name, context[name]] as const)
  return Object.fromEntries(details.filter(([, value]) => ['number', 'string'].includes(typeof value)))
}
