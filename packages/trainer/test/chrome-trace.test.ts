import { every, type Hook, train } from '@hookstep/catalogue'
import { background } from '@hookstep/core/policies'
import { hookContract, line, plainBackend } from '@hookstep/testing'
import { chromeTrace, Inference, inMemoryGroup, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const small: TrainerOptions = {
  backend: plainBackend(),
  data: line({ samples: 8 }),
  batchSize: 2,
  accumulate: 2,
  epochs: 2,
  evaluate: { data: line({ samples: 4, seed: 1 }), when: every('1 epoch') },
}

/** An event of the format, as it is read back. */
interface TraceEvent {
  readonly ph: string
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly id?: string
  readonly cat?: string
  readonly args?: Readonly<Record<string, unknown>>
}

interface Trace {
  readonly traceEvents: readonly TraceEvent[]
  readonly displayTimeUnit: string
  readonly otherData: { readonly droppedSpans: number }
}

/** Waits at one event, and at another for the device. */
const waiting: Hook = {
  name: 'waiting',
  setup(run) {
    run.subscribe(train.forward_backward.post, async ({ loss }) => {
      await loss()
    })
    run.subscribe(train.step.post, () => {})
  },
}

const writer: Hook = {
  name: 'writer',
  setup(run) {
    run.subscribe(train.step.post, async () => {})
  },
}

async function traced(hooks: readonly Hook[], options: Partial<TrainerOptions> = {}, spans = 100_000) {
  const trace = chromeTrace({ spans })
  await using trainer = new Trainer({ ...small, ...options, hooks: [trace, ...hooks] })
  await trainer.train().catch(() => {})
  return JSON.parse(String(trace)) as Trace
}

function threadNames({ traceEvents }: Trace): Map<number, unknown> {
  const names = traceEvents.filter(({ name }) => name === 'thread_name')
  return new Map(names.map(({ tid, args }) => [tid, args?.name]))
}

const nanoseconds = (microseconds: number): number => Math.round(microseconds * 1000)

/** The spans of a thread as an outline: what lies within another is indented. Fails where two overlap in part. */
function outline(events: readonly TraceEvent[]): string[] {
  const spans = events
    .filter(({ ph }) => ph === 'X')
    .map(({ name, ts, dur, args }) => ({
      name,
      args,
      from: nanoseconds(ts),
      to: nanoseconds(ts) + nanoseconds(dur),
    }))
    // What is of equal length began in the order in which it is listed, the inner first.
    .map((span, position) => ({ ...span, position }))
    .sort((a, b) => a.from - b.from || b.to - a.to || b.position - a.position)
  const around: number[] = []
  return spans.map(({ name, from, to, args }) => {
    while (around.length > 0 && (around.at(-1) as number) <= from && to > (around.at(-1) as number))
      around.pop()
    const within = around.at(-1) ?? Number.POSITIVE_INFINITY
    expect(to, `${name} ends within what it began in`).toBeLessThanOrEqual(within)
    around.push(to)
    return `${'  '.repeat(around.length - 1)}${name} ${args?.step ?? ''}`.trimEnd()
  })
}

describe('the trace of a run', () => {
  test('keeps to the Trace Event Format', async () => {
    const { traceEvents, displayTimeUnit } = await traced([waiting, background(writer)])
    expect(displayTimeUnit).toBe('ms')
    for (const event of traceEvents) {
      expect(event).toMatchObject({
        ph: expect.stringMatching(/^[XbeiM]$/),
        name: expect.any(String),
        pid: 1,
      })
      expect(event.tid).toBeGreaterThan(0)
      if (event.ph === 'M') continue
      expect(event.ts).toBeGreaterThanOrEqual(0)
      expect(Number.isInteger(nanoseconds(event.ts)), 'to the nanosecond').toBe(true)
      if (event.ph === 'X') expect(event.dur).toBeGreaterThanOrEqual(0)
      if (event.ph === 'i') expect(event).toMatchObject({ s: 't' })
    }
    const ends = new Map(traceEvents.filter(({ ph }) => ph === 'e').map((event) => [event.id, event]))
    const begins = traceEvents.filter(({ ph }) => ph === 'b')
    expect(begins.length).toBeGreaterThan(0)
    expect(ends.size, 'one end for each beginning, told apart by their ids').toBe(begins.length)
    for (const { id, name, cat, ts, tid } of begins) {
      const end = ends.get(id) as TraceEvent
      expect(end).toMatchObject({ name, cat: 'wait', tid })
      expect(cat).toBe('wait')
      expect(end.ts).toBeGreaterThanOrEqual(ts)
    }
  })

  test('has the run, the hooks and their queues as threads; spans of a thread nest', async () => {
    const trace = await traced([waiting, background(writer)])
    const names = threadNames(trace)
    expect([...names.values()]).toEqual(['run', 'hook waiting', 'hook writer', 'hook writer (queue)'])
    for (const tid of names.keys()) outline(trace.traceEvents.filter((event) => event.tid === tid))
  })

  test('shows the phases of the run within one another', async () => {
    const { traceEvents } = await traced([], { epochs: 1 })
    const run = traceEvents.filter(({ tid }) => tid === 1)
    expect(outline(run)).toEqual([
      'train.epoch',
      '  train.step 1',
      '    train.batch 1',
      '    train.batch 1',
      '    train.forward_backward 1',
      '      train.microbatch 1',
      '      train.microbatch 1',
      '    train.optimizer_step 1',
      '  train.step 2',
      '    train.batch 2',
      '    train.batch 2',
      '    train.forward_backward 2',
      '      train.microbatch 2',
      '      train.microbatch 2',
      '    train.optimizer_step 2',
      '    evaluate 2',
      '      evaluate.step 2',
      '      evaluate.step 2',
    ])
    expect(run.filter(({ ph }) => ph === 'i').map(({ name }) => name)).toEqual([
      'train.ready',
      'train.finished',
    ])
  })

  test('shows what hooks do, what they wait for, and where JavaScript waits for the device', async () => {
    const trace = await traced([waiting, background(writer)], { steps: 1 })
    const names = threadNames(trace)
    const told = trace.traceEvents
      .filter(({ ph, tid }) => ph !== 'M' && tid !== 1)
      .map(({ ph, name, tid }) => `${names.get(tid)}, ${ph}: ${name}`)
      .sort()
    expect(told).toEqual([
      'hook waiting, X: train.forward_backward.post',
      'hook waiting, X: train.step.post',
      'hook waiting, b: hook waiting: train.forward_backward.post',
      'hook waiting, e: hook waiting: train.forward_backward.post',
      'hook waiting, i: host sync',
      'hook writer (queue), X: train.step.post',
      'hook writer (queue), b: hook writer (queue): train.step.post',
      'hook writer (queue), e: hook writer (queue): train.step.post',
      'hook writer, X: train.step.post',
    ])
  })

  test('keeps the newest of a long run, and says how many had to go', async () => {
    const all = await traced([waiting], { epochs: 20 })
    const some = await traced([waiting], { epochs: 20 }, 50)
    const count = ({ traceEvents }: Trace): number =>
      traceEvents.filter(({ ph }) => ['X', 'b', 'i'].includes(ph)).length
    expect([count(some), some.otherData.droppedSpans]).toEqual([50, count(all) - 50])
    expect(all.otherData.droppedSpans).toBe(0)
    const steps = some.traceEvents.flatMap(({ name, args }) => (name === 'train.step' ? [args?.step] : []))
    expect(steps.at(-1)).toBe(40)
    for (const tid of threadNames(some).keys()) outline(some.traceEvents.filter((event) => event.tid === tid))
  })

  test('is there when the run failed, with what was under way', async () => {
    const failing: Hook = {
      name: 'failing',
      setup: (run) =>
        void run.subscribe(train.optimizer_step.pre, () => {
          throw new Error('on purpose')
        }),
    }
    const trace = await traced([failing])
    expect(outline(trace.traceEvents.filter(({ tid }) => tid === 1))).toEqual([
      'train.epoch',
      '  train.step 1',
      '    train.batch 1',
      '    train.batch 1',
      '    train.forward_backward 1',
      '      train.microbatch 1',
      '      train.microbatch 1',
      '    train.optimizer_step 1',
    ])
    expect(trace.traceEvents.at(-1)?.name).toBe('train.epoch')
    expect(trace.traceEvents.map(({ name }) => name)).toContain('train.failed')
  })

  test('can be read while the run goes on, and begins anew with another run', async () => {
    const trace = chromeTrace()
    const looked: number[] = []
    const looking: Hook = {
      name: 'looking',
      setup: (run) =>
        void run.subscribe(train.step.post, () => {
          const { traceEvents } = JSON.parse(String(trace)) as Trace
          looked.push(traceEvents.filter(({ name }) => name === 'train.step').length)
        }),
    }
    for (const hooks of [
      [trace, looking],
      [trace, looking],
    ]) {
      await using trainer = new Trainer({ ...small, hooks })
      await trainer.train()
    }
    expect(looked).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
  })

  test('is that of an inference as well', async () => {
    const trace = chromeTrace()
    const data = line({ samples: 4 })
    await using inference = new Inference({
      backend: plainBackend(),
      data,
      batchSize: 2,
      from: 'task',
      hooks: [trace],
    })
    await inference.run()
    const { traceEvents } = JSON.parse(String(trace)) as Trace
    expect(outline(traceEvents)).toEqual([
      'inference.step 1',
      '  inference.forward 1',
      'inference.step 2',
      '  inference.forward 2',
    ])
  })

  test('is that of a rank: traces of several can be shown together', async () => {
    const traces = await Promise.all(
      inMemoryGroup(2).map((distributed) => traced([waiting], { distributed })),
    )
    for (const [rank, { traceEvents }] of traces.entries()) {
      expect(new Set(traceEvents.map(({ pid }) => pid))).toEqual(new Set([rank + 1]))
      expect(traceEvents[0]).toMatchObject({ name: 'process_name', args: { name: `Hookstep, rank ${rank}` } })
    }
  })

  test.each([0, 1.5, Number.NaN])('cannot keep %d spans', (spans) => {
    expect(() => chromeTrace({ spans })).toThrow(
      `chromeTrace: spans is ${spans}; it must be a positive whole number`,
    )
  })
})

describe('chromeTrace() keeps what a run relies on in a hook:', () => {
  for (const { name, run } of hookContract({ hook: () => chromeTrace() })) test(name, run)
})
