import {
  every,
  type Hook,
  type InferenceState,
  inference,
  type Run,
  type RunState,
  train,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { faultyHook, line, plainBackend, recordTrace } from '@hookstep/testing'
import {
  type Batch,
  type Data,
  Inference,
  type InferenceOptions,
  type InferenceOutput,
  type InferenceSummary,
  type Outputs,
  Trainer,
} from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { numbered, numbers, samplesOf } from './batches.ts'

/** A task whose model is there: what it infers is deterministic, and of no further interest. */
const task: Pick<InferenceOptions, 'backend' | 'from'> = { backend: plainBackend(), from: 'task' }

/** Five samples: three steps, the last of a single sample. */
const small: InferenceOptions = { ...task, data: numbers(5), batchSize: 2 }

/** Runs to the end, and tells what happened, deliveries and the error included. */
async function logOf(options: Partial<InferenceOptions> = {}, only?: readonly string[]): Promise<string> {
  const trace = recordTrace(only === undefined ? {} : { only })
  const lines = trace.lines as string[]
  await using run = new Inference({ ...small, ...options, hooks: [trace, ...(options.hooks ?? [])] })
  try {
    for await (const { step, batch } of run.outputs()) lines.push(`  got ${step}: ${samplesOf(batch)}`)
    lines.push(`loop ended, ${run.summary?.steps} steps`)
  } catch (error) {
    lines.push(`loop failed: ${(error as Error).message}`)
  }
  return String(trace)
}

/** A hook that does something at one event, the first time or a later one. */
function at<Context extends object>(event: Event<Context>, act: (run: Run) => unknown, delivery = 1): Hook {
  return {
    name: 'actor',
    setup(run) {
      let deliveries = 0
      run.subscribe(event, () => (++deliveries === delivery ? act(run) : undefined))
    },
  }
}

const ends = ['inference.finished', 'inference.stopped', 'inference.failed', 'inference.closed']
const steps = ['inference.step', 'inference.checkpoint', ...ends]

/** Trains a little, and returns the state at the end. */
async function trained(): Promise<RunState> {
  let state: RunState | undefined
  const keep: Hook = {
    name: 'keep',
    setup: (run) =>
      void run.subscribe(train.checkpoint, async ({ capture }) => {
        state = await capture()
      }),
  }
  const options = { backend: plainBackend(), data: line(), steps: 20, learningRate: 0.2 }
  await using trainer = new Trainer({ ...options, hooks: [keep] })
  await trainer.train()
  return state as RunState
}

async function outputsOf(options: InferenceOptions): Promise<InferenceOutput[]> {
  await using run = new Inference(options)
  const all: InferenceOutput[] = []
  await run.run((output) => void all.push(output))
  return all
}

describe('outputs come in order', () => {
  test('a whole run, from the first event to the last', async () => {
    expect(await logOf()).toMatchInlineSnapshot(`
      "inference.configuration.start
      inference.configuration.data_loader
      inference.configuration.model_stages
      inference.restore
      inference.ready 0
      inference.step.pre 1
        inference.forward.pre 1
        inference.forward.post 1
        got 1: 0,1
      inference.step.post 1
      inference.checkpoint 1
      inference.step.pre 2
        inference.forward.pre 2
        inference.forward.post 2
        got 2: 2,3
      inference.step.post 2
      inference.checkpoint 2
      inference.step.pre 3
        inference.forward.pre 3
        inference.forward.post 3
        got 3: 4
      inference.step.post 3
      inference.checkpoint 3
      inference.finished 3
      inference.closed 3 finished
      loop ended, 3 steps"
    `)
  })

  test('they are the outputs of the trained model, whose optimizer need not be the same', async () => {
    const state = await trained()
    const data = line({ samples: 10, seed: 1 })
    const [all, ...others] = await outputsOf({
      backend: plainBackend({ momentum: 0 }),
      data,
      batchSize: 10,
      from: structuredClone(state),
    })
    const { batch, outputs } = all as InferenceOutput
    const errors = Array.from(batch.targets?.data ?? [], (target, sample) =>
      Math.abs(target - (outputs.data[sample] as number)),
    )
    expect(others).toEqual([])
    expect(errors).toHaveLength(10)
    expect(Math.max(...errors)).toBeLessThan(0.25)
  })

  test('with what belongs to them', async () => {
    const told = (await outputsOf(small)).map(({ outputs, batch, ...rest }) => {
      return { ...rest, shape: outputs.shape, of: samplesOf(batch) }
    })
    expect(told).toEqual([
      { step: 1, samples: 0, size: 2, shape: [2, 1], of: [0, 1] },
      { step: 2, samples: 2, size: 2, shape: [2, 1], of: [2, 3] },
      { step: 3, samples: 4, size: 1, shape: [1, 1], of: [4] },
    ])
  })

  test('hooks see them first, as they are', async () => {
    const seen: Outputs[] = []
    const watch: Hook = {
      name: 'watch',
      setup: (run) =>
        void run.subscribe(inference.forward.post, async ({ outputs }) => void seen.push(await outputs())),
    }
    const delivered = (await outputsOf({ ...small, hooks: [watch] })).map(({ outputs }) => outputs)
    expect(seen).toEqual(delivered)
  })

  test('they are not known before the model has seen the batch', async () => {
    const hasty: Hook = {
      name: 'hasty',
      setup: (run) => void run.subscribe(inference.forward.pre, ({ outputs }) => outputs()),
    }
    await expect(outputsOf({ ...small, hooks: [hasty] })).rejects.toThrow(
      'Hook "hasty" failed at inference.forward.pre: outputs() is known at inference.forward.post only',
    )
  })

  test('a receiver is waited for', async () => {
    const log: string[] = []
    const watch: Hook = {
      name: 'watch',
      setup: (run) => void run.subscribe(inference.step.pre, ({ step }) => void log.push(`step ${step}`)),
    }
    await using run = new Inference({ ...small, hooks: [watch] })
    const summary = await run.run(async ({ step }) => {
      await new Promise<void>((resolve) => setImmediate(resolve))
      log.push(`received ${step}`)
    })
    expect([...log, summary.outcome, summary.steps, summary.samples]).toEqual([
      ...['step 1', 'received 1', 'step 2', 'received 2', 'step 3', 'received 3'],
      ...['finished', 3, 5],
    ])
  })
})

describe('data of any length', () => {
  test('a stream is read one batch ahead of the loop, and no further', async () => {
    let [live, most, read] = [0, 0, 0]
    const released = new Set<unknown>()
    function* stream(): Generator<Batch> {
      for (; read < 1000; read++) {
        live++
        most = Math.max(most, live)
        yield numbered(read)
      }
    }
    await using run = new Inference({ ...task, data: stream() })
    let delivered = 0
    for await (const { batch } of run.outputs()) {
      delivered++
      released.add(samplesOf(batch)[0])
      live--
    }
    // The one that was delivered, and the one behind it.
    expect({ delivered, different: released.size, most }).toEqual({
      delivered: 1000,
      different: 1000,
      most: 2,
    })
  })

  test('a dataset is fetched as far ahead as was asked for', async () => {
    const dataset = numbers(100)
    let fetched = 0
    const data: Data = {
      length: 100,
      batch(indices, random) {
        fetched++
        return dataset.batch(indices, random)
      },
    }
    const ahead: number[] = []
    await using run = new Inference({ ...task, data, batchSize: 1, prefetch: 3 })
    for await (const { step } of run.outputs()) ahead.push(fetched - step)
    expect(ahead).toEqual([...Array.from({ length: 97 }, () => 3), 2, 1, 0])
  })

  test('of a dataset that is longer than memory not even the order is kept', async () => {
    // Their numbers alone would take 16 GB.
    const data = { length: 2 ** 32 - 1, batch: (indices: Uint32Array) => numbered(...indices) }
    const seen: number[][] = []
    await using run = new Inference({ ...small, data })
    for await (const { step, batch } of run.outputs()) {
      seen.push(samplesOf(batch))
      if (step === 3) run.stop('enough')
    }
    expect(seen).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    expect(run.summary).toMatchObject({ outcome: 'stopped', samples: 6 })
  })

  test('triggers count the pass: steps, samples, parts of it, and its end', async () => {
    const due = async (data: Data): Promise<Record<string, number[]>> => {
      const at: Record<string, number[]> = {}
      const triggers = {
        steps: every('2 steps'),
        samples: every('4 samples'),
        epochs: every('0.5 epochs'),
        last: every('100 steps', { last: true }),
      }
      const watch: Hook = {
        name: 'watch',
        setup(run) {
          for (const [name, when] of Object.entries(triggers)) {
            at[name] = []
            run.subscribe(inference.checkpoint, ({ step }) => void at[name]?.push(step), { when })
          }
        },
      }
      await outputsOf({ ...task, data, hooks: [watch], ...('length' in data && { batchSize: 2 }) } as never)
      return at
    }
    expect(await due(numbers(9))).toEqual({ steps: [2, 4], samples: [2, 4], epochs: [3, 5], last: [5] })
    // What a stream tells only at its end is told at its end.
    const stream = (function* () {
      for (let step = 0; step < 5; step++) yield numbered(step, step)
    })()
    expect(await due(stream)).toEqual({ steps: [2, 4], samples: [2, 4], epochs: [5], last: [5] })
  })
})

describe('an early end', () => {
  test('leaving the loop: at once, and the outputs it was left at do not count', async () => {
    const trace = recordTrace({ only: steps })
    const log: string[] = []
    const backend = plainBackend()
    const watched = {
      ...backend,
      open: (options: never) => {
        const session = backend.open(options) as Awaited<ReturnType<typeof backend.open>>
        const close = session.close.bind(session)
        session.close = () => {
          log.push('session closed')
          return close()
        }
        return session
      },
    }
    const data = (function* () {
      try {
        for (let sample = 0; ; sample++) yield numbered(sample)
      } finally {
        log.push('data closed')
      }
    })()
    const run = new Inference({ backend: watched, from: 'task', data, hooks: [trace] })
    for await (const { step } of run.outputs()) if (step === 2) break
    const { outcome, steps: done, samples, requests } = run.summary as InferenceSummary
    expect([...trace.lines, ...log, { outcome, done, samples, requests }]).toMatchInlineSnapshot(`
      [
        "inference.step.pre 1",
        "inference.step.post 1",
        "inference.checkpoint 1",
        "inference.step.pre 2",
        "inference.stopped 1 "its outputs were left" requested by caller, aborted",
        "inference.closed 1 stopped",
        "data closed",
        "session closed",
        {
          "done": 1,
          "outcome": "stopped",
          "requests": [
            {
              "kind": "stop",
              "reason": "its outputs were left",
              "requestedBy": "caller",
              "step": 2,
            },
          ],
          "samples": 1,
        },
      ]
    `)
  })

  test('an error in the loop is its own, and looks the same to the run', async () => {
    const trace = recordTrace({ only: ends })
    const run = new Inference({ ...small, hooks: [trace] })
    const loop = async () => {
      for await (const { step } of run.outputs()) if (step === 2) throw new Error('disk full')
    }
    await expect(loop()).rejects.toThrow('disk full')
    expect(trace.lines).toMatchInlineSnapshot(`
      [
        "inference.stopped 1 "its outputs were left" requested by caller, aborted",
        "inference.closed 1 stopped",
      ]
    `)
  })

  test('a receiver that fails is told from a hook that fails', async () => {
    const trace = recordTrace({ only: ends })
    const run = new Inference({ ...small, hooks: [trace] })
    const failing = run.run(({ step }) => {
      if (step === 2) throw Object.assign(new Error('disk full'), { at: 'line 3' })
    })
    await expect(failing).rejects.toThrow(/^disk full$/)
    expect(trace.lines).toMatchInlineSnapshot(`
      [
        "inference.failed 1 "disk full" at receive",
        "inference.closed 1 failed",
      ]
    `)
    expect(
      await logOf({ hooks: [faultyHook({ at: inference.step.post, fault: 'rejects' })] }, ends),
    ).toMatchInlineSnapshot(`
        "  got 1: 0,1
        inference.failed 1 "Hook \\"faulty\\" failed at inference.step.post: faulty on purpose" at inference.step.post
        inference.closed 1 failed
        loop failed: Hook "faulty" failed at inference.step.post: faulty on purpose"
      `)
  })

  test('closing: what is under way is left', async () => {
    const trace = recordTrace({ only: steps })
    const run = new Inference({ ...small, hooks: [trace] })
    const outputs = run.outputs()
    await outputs.next()
    await run.close()
    expect([...trace.lines, await outputs.next()]).toMatchInlineSnapshot(`
      [
        "inference.step.pre 1",
        "inference.stopped 0 "its outputs were left" requested by caller, aborted",
        "inference.closed 0 stopped",
        {
          "done": true,
          "value": undefined,
        },
      ]
    `)
  })

  test('closing: data that has nothing to give is not waited for', async () => {
    const trace = recordTrace({ only: ends })
    let close = (): void => {}
    const closing = new Promise<void>((resolve) => {
      close = resolve
    })
    const closed = at(inference.closed, () => close())
    async function* silent(): AsyncGenerator<Batch> {
      yield numbered(1)
      await closing
    }
    const run = new Inference({ ...task, data: silent(), hooks: [trace, closed] })
    const outputs = run.outputs()
    await outputs.next()
    const next = outputs.next()
    await run.close()
    expect([...trace.lines, (await next).done]).toMatchInlineSnapshot(`
      [
        "inference.stopped 1 "its outputs were left" requested by caller, aborted",
        "inference.closed 1 stopped",
        true,
      ]
    `)
  })

  test('a hook that stops: behind the outputs of its step', async () => {
    const hooks = [at(inference.forward.pre, (run) => run.stop('seen enough'), 2)]
    expect(await logOf({ hooks }, steps)).toMatchInlineSnapshot(`
      "inference.step.pre 1
        got 1: 0,1
      inference.step.post 1
      inference.checkpoint 1
      inference.step.pre 2
        got 2: 2,3
      inference.step.post 2
      inference.checkpoint 2
      inference.stopped 2 "seen enough" requested by actor
      inference.closed 2 stopped
      loop ended, 2 steps"
    `)
  })

  test('to save and to stop at once is for the end of the step: it is one pass of the model', async () => {
    const go = (run: Run): void => {
      run.stop('told to go', { now: true })
      run.save('told to go', { now: true })
    }
    const saving: Hook = {
      name: 'saving',
      setup: (run) => void run.subscribe(inference.checkpoint, async ({ capture }) => void (await capture())),
    }
    expect(await logOf({ hooks: [saving, at(inference.step.pre, go, 2)] }, steps)).toMatchInlineSnapshot(`
      "inference.step.pre 1
        got 1: 0,1
      inference.step.post 1
      inference.checkpoint 1
      inference.step.pre 2
        got 2: 2,3
      inference.step.post 2
      inference.checkpoint 2
      inference.stopped 2 "told to go" requested by actor, aborted
      inference.closed 2 stopped
      loop ended, 2 steps"
    `)
  })

  test('the caller that stops: likewise', async () => {
    const trace = recordTrace({ only: ends })
    await using run = new Inference({ ...small, hooks: [trace] })
    for await (const { step } of run.outputs()) if (step === 2) run.stop('seen enough')
    expect(trace.lines).toMatchInlineSnapshot(`
      [
        "inference.stopped 2 "seen enough" requested by caller",
        "inference.closed 2 stopped",
      ]
    `)
  })

  test('a checkpoint that is asked for at the last moment is told as well', async () => {
    const told: string[] = []
    const asking: Hook = {
      name: 'asking',
      setup: (run) =>
        void run.subscribe(inference.checkpoint, ({ step, requests }) => {
          told.push([step, ...requests.map(({ reason }) => reason)].join(': '))
          if (step === 3 && requests.length === 0) run.save('one more')
        }),
    }
    await logOf({ hooks: [asking] })
    expect(told).toEqual(['1', '2', '3', '3: one more'])
  })

  test('a stop at the last step, or before the first', async () => {
    const last = [at(inference.checkpoint, (run) => run.stop('seen enough'), 3)]
    expect(await logOf({ hooks: last }, ends)).toMatchInlineSnapshot(`
      "  got 1: 0,1
        got 2: 2,3
        got 3: 4
      inference.finished 3
      inference.closed 3 finished
      loop ended, 3 steps"
    `)
    const first = [at(inference.restore, (run) => run.stop('nothing to do'))]
    expect(await logOf({ hooks: first }, steps)).toMatchInlineSnapshot(`
      "inference.stopped 0 "nothing to do" requested by actor
      inference.closed 0 stopped
      loop ended, 0 steps"
    `)
  })

  test('a signal: at once', async () => {
    const logs: string[] = []
    for (const event of [
      inference.ready,
      inference.forward.pre,
      inference.forward.post,
      inference.step.post,
    ]) {
      const controller = new AbortController()
      const hooks = [at(event, () => controller.abort(new Error('SIGTERM')))]
      logs.push(await logOf({ hooks, signal: controller.signal }, ends))
    }
    expect(logs).toMatchInlineSnapshot(`
      [
        "inference.stopped 0 "SIGTERM" requested by signal, aborted
      inference.closed 0 stopped
      loop ended, 0 steps",
        "inference.stopped 0 "SIGTERM" requested by signal, aborted
      inference.closed 0 stopped
      loop ended, 0 steps",
        "inference.stopped 0 "SIGTERM" requested by signal, aborted
      inference.closed 0 stopped
      loop ended, 0 steps",
        "  got 1: 0,1
      inference.stopped 1 "SIGTERM" requested by signal, aborted
      inference.closed 1 stopped
      loop ended, 1 steps",
      ]
    `)
  })

  test('in the loop, a signal counts what was taken', async () => {
    const controller = new AbortController()
    await using run = new Inference({ ...small, signal: controller.signal })
    for await (const { step } of run.outputs()) if (step === 2) controller.abort(new Error('SIGTERM'))
    expect(run.summary).toMatchObject({ outcome: 'stopped', reason: 'SIGTERM', steps: 2, samples: 4 })
  })
})

describe('while the data has nothing to give', () => {
  /** Gives one batch, then nothing until it is told to end. */
  function silent(whenSilent: () => void): { data: AsyncIterable<Batch>; end: () => void } {
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    async function* batches(): AsyncGenerator<Batch> {
      yield numbered(1)
      setImmediate(whenSilent)
      await ended
    }
    return { data: batches(), end }
  }

  /** Infers from it, and does something when it has fallen silent. */
  async function logOfSilence(act: (run: Run, controller: AbortController) => void): Promise<string> {
    const controller = new AbortController()
    const trace = recordTrace({ only: steps })
    let acting: Run | undefined
    const { data, end } = silent(() => act(acting as Run, controller))
    const actor: Hook = {
      name: 'actor',
      setup(run) {
        acting = run
        run.subscribe(inference.checkpoint, ({ requests }) => {
          for (const { reason } of requests) (trace.lines as string[]).push(`  saves: ${reason}`)
          if (requests.length > 0) run.stop('saved')
        })
        run.subscribe(inference.checkpoint, () => void (trace.lines as string[]).push('  is due'), {
          when: every('1 step'),
        })
        run.subscribe(inference.closed, end)
      },
    }
    await using run = new Inference({ ...task, data, signal: controller.signal, hooks: [trace, actor] })
    await run.run()
    return String(trace)
  }

  test('a stop ends the waiting', async () => {
    expect(await logOfSilence((run) => run.stop('seen enough'))).toMatchInlineSnapshot(`
      "inference.step.pre 1
      inference.step.post 1
      inference.checkpoint 1
        is due
      inference.checkpoint 1
      inference.stopped 1 "seen enough" requested by actor
      inference.closed 1 stopped"
    `)
  })

  test('a stop at once as well, without what is due at the end', async () => {
    expect(await logOfSilence((run) => run.stop('told to go', { now: true }))).toMatchInlineSnapshot(`
      "inference.step.pre 1
      inference.step.post 1
      inference.checkpoint 1
        is due
      inference.stopped 1 "told to go" requested by actor, aborted
      inference.closed 1 stopped"
    `)
  })

  test('so does a signal', async () => {
    const abort = (_: Run, controller: AbortController): void => controller.abort(new Error('SIGTERM'))
    expect(await logOfSilence(abort)).toMatchInlineSnapshot(`
      "inference.step.pre 1
      inference.step.post 1
      inference.checkpoint 1
        is due
      inference.stopped 1 "SIGTERM" requested by signal, aborted
      inference.closed 1 stopped"
    `)
  })

  test('a checkpoint that is asked for at once is taken at once, and what was due is not due again', async () => {
    expect(await logOfSilence((run) => run.save('told to go', { now: true }))).toMatchInlineSnapshot(`
      "inference.step.pre 1
      inference.step.post 1
      inference.checkpoint 1
        is due
      inference.checkpoint 1
        saves: told to go
      inference.checkpoint 1
      inference.stopped 1 "saved" requested by actor
      inference.closed 1 stopped"
    `)
  })

  test('to save and to stop at once: in this order', async () => {
    const go = (run: Run): void => {
      run.stop('told to go', { now: true })
      run.save('told to go', { now: true })
    }
    expect(await logOfSilence(go)).toMatchInlineSnapshot(`
      "inference.step.pre 1
      inference.step.post 1
      inference.checkpoint 1
        is due
      inference.checkpoint 1
        saves: told to go
      inference.stopped 1 "told to go" requested by actor, aborted
      inference.closed 1 stopped"
    `)
  })
})

describe('a failure, in each place, is told with its place', () => {
  const places: readonly Event<object>[] = [
    inference.configuration.start,
    inference.configuration.data_loader,
    inference.configuration.model_stages,
    inference.restore,
    inference.ready,
    inference.step.pre,
    inference.forward.pre,
    inference.forward.post,
    inference.step.post,
    inference.checkpoint,
    inference.finished,
  ]
  for (const place of places) {
    test(place.id, async () => {
      const log = await logOf({ hooks: [faultyHook({ at: place, fault: 'throws' })] }, ends)
      const step = /failed (\d)/.exec(log)?.[1]
      expect(log.split('\n').filter((line) => !line.includes('got'))).toEqual([
        ...(place === inference.finished ? ['inference.finished 3'] : []),
        `inference.failed ${step} "Hook \\"faulty\\" failed at ${place.id}: faulty on purpose" at ${place.id}`,
        `inference.closed ${step} failed`,
        `loop failed: Hook "faulty" failed at ${place.id}: faulty on purpose`,
      ])
    })
  }

  test('the data', async () => {
    const data = { length: 5, batch: () => Promise.reject(new Error('disk gone')) }
    expect(await logOf({ data }, ends)).toMatchInlineSnapshot(`
      "inference.failed 0 "disk gone" at inference.step.pre
      inference.closed 0 failed
      loop failed: disk gone"
    `)
  })

  test('a batch that does not fit the model', async () => {
    const { batchSize, ...rest } = small
    const wide = { inputs: { data: new Float32Array(4), shape: [2, 2] } }
    await using run = new Inference({ ...rest, data: [wide] })
    await expect(run.run()).rejects.toThrow('the batch\'s "inputs" have the shape [2,2]')
  })

  test('a setup: before any event', async () => {
    expect(await logOf({ hooks: [faultyHook({ at: 'setup', fault: 'throws' })] })).toMatchInlineSnapshot(
      `"loop failed: Hook "faulty" failed at setup: faulty on purpose"`,
    )
  })

  test('a leaving that fails rejects', async () => {
    const run = new Inference({ ...small, hooks: [faultyHook({ at: inference.stopped, fault: 'throws' })] })
    const loop = async () => {
      for await (const _ of run.outputs()) break
    }
    await expect(loop()).rejects.toThrow('Hook "faulty" failed at inference.stopped: faulty on purpose')
    expect(run.summary).toBe(undefined)
  })

  test('the ends of hooks do not hide the first failure', async () => {
    const hooks = [
      faultyHook({ at: inference.step.pre, fault: 'throws', error: new Error('first'), name: 'first' }),
      faultyHook({ at: inference.failed, fault: 'throws', error: new Error('second'), name: 'second' }),
      faultyHook({ at: inference.closed, fault: 'throws', error: new Error('third'), name: 'third' }),
      faultyHook({ at: 'cleanup', fault: 'throws', error: new Error('fourth'), name: 'fourth' }),
    ]
    expect(await logOf({ hooks }, ends)).toMatchInlineSnapshot(`
      "inference.failed 0 "Hook \\"first\\" failed at inference.step.pre: first" at inference.step.pre
      inference.closed 0 failed
      loop failed: Hook "first" failed at inference.step.pre: first"
    `)
  })
})

describe('what inference cannot do', () => {
  test('is warned of, once', async () => {
    const asking = (name: string): Hook => ({
      name,
      setup(run) {
        run.subscribe(inference.step.pre, () => {
          run.evaluate('curious')
          run.skipStep('odd')
          run.save('just in case')
        })
      },
    })
    await using run = new Inference({ ...small, from: undefined as never, hooks: [asking('asking')] })
    expect((await run.run()).warnings).toMatchInlineSnapshot(`
      [
        "the parameters are the task's own: give a trained run's state as from, or from: 'task' where they are meant",
        "asking asked for evaluate: inference has no such thing",
        "asking asked for skipStep: inference has no such thing",
        "a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint",
      ]
    `)
  })

  test('nor a pass twice, nor after its end', async () => {
    const run = new Inference(small)
    await run.run()
    expect(() => run.outputs()).toThrow('this inference has run already: make a new one')
    const other = new Inference(small)
    const outputs = other.outputs()
    expect(() => other.outputs()).toThrow('this inference has run already: make a new one')
    await outputs.return(undefined as never)
    const closed = new Inference(small)
    await closed.close()
    expect(() => closed.outputs()).toThrow('this inference is closed: make a new one')
  })

  const wrong: readonly [options: object, message: string][] = [
    [{ batch_size: 3 }, 'inference has no option "batch_size"; there are backend, data, from, batchSize'],
    [{ toString: 1 }, 'inference has no option "toString"'],
    [{ backend: undefined }, 'backend is undefined; give one such as wasm(task)'],
    [{ data: 7 }, 'data is 7; give a dataset'],
    [{ data: numbers(0) }, 'data is empty: its length is 0'],
    [{ batchSize: 0 }, 'batchSize is 0; it must be a whole number from 1 on'],
    [{ data: [] }, 'batchSize needs a dataset; the batches of an iterable are taken as they come'],
    [{ from: Promise.resolve() }, 'from is a promise: await the state before it is given'],
    [{ from: {} }, 'from is an object without session.parameters; give the state of a training run'],
    [{ from: 'newest' }, "from is newest; give the state of a training run, or 'task'"],
    [{ hooks: recordTrace() }, 'hooks is an object; give a list'],
    [{ handlerTimeoutMs: 0 }, 'handlerTimeoutMs is 0; it must be positive'],
  ]
  for (const [options, message] of wrong) {
    test(message, () => {
      expect(() => new Inference({ ...small, ...options })).toThrow(message)
    })
  }

  test('parameters of another model are refused by name', async () => {
    const state = await trained()
    await using run = new Inference({ ...small, backend: plainBackend({ layers: [2, 1] }), from: state })
    await expect(run.run()).rejects.toThrow('the saved state does not fit the model: parameter')
  })

  test('a stream without a batch is a mistake', async () => {
    const { batchSize, ...rest } = small
    await using run = new Inference({ ...rest, data: [] })
    await expect(run.run()).rejects.toThrow('data is empty: it gave no batch')
  })

  test("a hook's promise that never settles ends the run after a time", async () => {
    const hooks = [faultyHook({ at: inference.step.pre, fault: 'never-settles' })]
    await using run = new Inference({ ...small, hooks, handlerTimeoutMs: 5 })
    await expect(run.run()).rejects.toThrow('Hook "faulty" failed at inference.step.pre')
  })
})

test('explain() tells an inference before it begins, and sets its hooks up once', async () => {
  const log: string[] = []
  const telling: Hook = {
    name: 'telling',
    setup(run) {
      log.push('set up')
      run.subscribe(inference.closed, () => void log.push('closed'))
      run.subscribe(inference.step.post, () => {})
      run.subscribe(train.step.post, () => {})
      return () => void log.push('cleaned up')
    },
  }
  await using run = new Inference({ ...small, hooks: [telling] })
  expect(await run.explain()).toMatchInlineSnapshot(`
    "Options
      backend: "plain"
      from: "task"
      batchSize: 2
      prefetch: 1
      seed: 0
      hooks: ["telling"]
      worldSize: 1
    Hooks: telling
    Handlers, in the order of a run
      inference.step.post: telling
      inference.closed: telling"
  `)
  await run.run()
  expect(log).toEqual(['set up', 'closed', 'cleaned up'])

  const other = new Inference({ ...small, hooks: [telling] })
  await other.explain()
  await other.close()
  expect(log.slice(3)).toEqual(['set up', 'cleaned up'])
})

test('a state of another kind is refused, with the remedy', async () => {
  const state = await trained()
  const hooks: Hook[] = [
    {
      name: 'keeper',
      setup: (run) =>
        void run.subscribe(inference.restore, ({ restore }) => restore(state as unknown as InferenceState)),
    },
  ]
  await using run = new Inference({ ...small, hooks })
  await expect(run.run()).rejects.toThrow('this is the state of a training run: give it to')
})
