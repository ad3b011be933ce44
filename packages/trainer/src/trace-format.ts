/**
 * Chrome's Trace Event Format, in its JSON object form, as Perfetto (ui.perfetto.dev) and chrome://tracing read it.
 *
 * Source: "Trace Event Format", https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { TraceEntry } from './trace-buffer.ts'

/** `X`: a span with its duration. `b`, `e`: the two ends of one that others overlap. `i`: a moment. `M`: a name. */
interface TraceEvent {
  readonly ph: 'X' | 'b' | 'e' | 'i' | 'M'
  readonly name: string
  readonly pid: number
  readonly tid: number
  /** Microseconds since the trace began, to the nanosecond. */
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  readonly id?: string
  readonly s?: 't'
  readonly args?: Readonly<Record<string, unknown>>
}

export interface TraceOrigin {
  /** Seconds on the clock of the entries. */
  readonly began: number
  readonly rank: number
  /** Entries that the trace had no room for. */
  readonly dropped: number
}

/** The trace as JSON, one event a line. */
export function formatTrace(entries: Iterable<TraceEntry>, { began, rank, dropped }: TraceOrigin): string {
  const threads = new Threads(rank)
  const events = [...entries].flatMap((entry, position) => eventsOf(entry, position, threads, began))
  const lines = [...threads.names(), ...events].map((event) => JSON.stringify(event))
  const end = JSON.stringify({ displayTimeUnit: 'ms', otherData: { droppedSpans: dropped } })
  return `{"traceEvents":[\n${lines.join(',\n')}\n],${end.slice(1)}\n`
}

/** The thread that comes first. */
export const runThread = 'run'

/** Numbers the threads in the order in which they appear. From 1: 0 has a meaning of its own where traces are read. */
class Threads {
  private readonly pid: number
  private readonly rank: number
  private readonly tids = new Map<string, number>()

  constructor(rank: number) {
    this.pid = rank + 1
    this.rank = rank
    this.place(runThread)
  }

  place(thread: string): { readonly pid: number; readonly tid: number } {
    const tid = this.tids.get(thread) ?? this.tids.size + 1
    this.tids.set(thread, tid)
    return { pid: this.pid, tid }
  }

  names(): TraceEvent[] {
    const { pid, rank } = this
    const process: TraceEvent = {
      ph: 'M',
      name: 'process_name',
      pid,
      tid: 1,
      args: { name: `Hookstep, rank ${rank}` },
    }
    const threads = [...this.tids].flatMap(([name, tid]): TraceEvent[] => [
      { ph: 'M', name: 'thread_name', pid, tid, args: { name } },
      { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } },
    ])
    return [process, ...threads]
  }
}

function eventsOf(entry: TraceEntry, position: number, threads: Threads, origin: number): TraceEvent[] {
  const { name, kind, details } = entry
  const place = threads.place(entry.thread)
  // Ends are rounded, not durations: what ends within something still does then.
  const [from, to] = [entry.began, entry.ended].map((seconds) => Math.round((seconds - origin) * 1e9)) as [
    number,
    number,
  ]
  const ts = from / 1000
  const args = details === undefined ? {} : { args: details }
  if (kind === 'span') return [{ ph: 'X', name, ...place, ts, dur: (to - from) / 1000, ...args }]
  if (kind === 'moment') return [{ ph: 'i', name, ...place, ts, s: 't', ...args }]
  const both = { name: `${entry.thread}: ${name}`, ...place, cat: 'wait', id: String(position) }
  return [
    { ph: 'b', ...both, ts, ...args },
    { ph: 'e', ...both, ts: to / 1000 },
  ]
}
