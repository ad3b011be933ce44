import { every, type Hook, type InferenceState, inference } from '@hookstep/catalogue'
import { corners, faultyHook, plainBackend, recordTrace } from '@hookstep/testing'
import {
  type Batch,
  type Data,
  Inference,
  type InferenceOptions,
  type InferenceOutput,
  type InferenceSummary,
  inMemoryGroup,
  type ProcessGroup,
} from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { numbered, numbers, samplesOf } from './batches.ts'

/** 23 samples: six steps, the last of three samples. */
const options: InferenceOptions = {
  backend: plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy' }),
  from: 'task',
  data: corners({ samples: 23 }),
  batchSize: 4,
  seed: 3,
}

/** Counts steps across stops. */
function counting(counts: number[]): Hook {
  let count = 0
  return {
    name: 'counting',
    setup(run) {
      run.subscribe(inference.step.post, () => void counts.push(++count))
      run.persist({
        version: 1,
        save: () => count,
        load: (saved: number) => {
          count = saved
        },
      })
    },
  }
}

/** Keeps the state after each step, as JSON. */
function keeping(states: InferenceState[]): Hook {
  return {
    name: 'keeping',
    setup: (run) =>
      void run.subscribe(inference.checkpoint, async ({ capture }) => {
        states.push(JSON.parse(JSON.stringify(await capture())))
      }),
  }
}

function restoring(state: InferenceState | undefined): Hook {
  return {
    name: 'restoring',
    setup(run) {
      run.subscribe(inference.restore, ({ restore }) => (state === undefined ? undefined : restore(state)))
    },
  }
}

interface Pass {
  readonly outputs: readonly InferenceOutput[]
  readonly states: readonly InferenceState[]
  /** What a hook with a state of its own counted. */
  readonly counts: readonly number[]
  readonly summary: InferenceSummary
}

async function infer(overrides: Partial<InferenceOptions> = {}, from?: InferenceState): Promise<Pass> {
  const [outputs, states, counts]: [InferenceOutput[], InferenceState[], number[]] = [[], [], []]
  const hooks = [...(overrides.hooks ?? []), counting(counts), keeping(states), restoring(from)]
  await using run = new Inference({ ...options, ...overrides, hooks })
  const summary = await run.run((output) => void outputs.push(output))
  return { outputs, states, counts, summary }
}

/** Infers and gives up at a step, in the way that is given. */
async function interrupted(
  leave: (run: Inference, states: readonly InferenceState[], got: InferenceOutput[]) => Promise<void>,
): Promise<{ got: InferenceOutput[]; last: InferenceState | undefined }> {
  const [states, got]: [InferenceState[], InferenceOutput[]] = [[], []]
  await using run = new Inference({ ...options, hooks: [counting([]), keeping(states)] })
  await leave(run, states, got)
  return { got, last: states.at(-1) }
}

/** States without what the clock says. */
function timeless({ seconds, ...state }: InferenceState): object {
  return state
}

describe('an inference that is resumed after any step gives what is missing, and no more', async () => {
  const whole = await infer()

  test('of six steps', () => {
    expect(whole.outputs.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
    expect(whole.states.map(({ step, samples, data }) => [step, samples, data.samples])).toEqual([
      [1, 4, 4],
      [2, 8, 8],
      [3, 12, 12],
      [4, 16, 16],
      [5, 20, 20],
      [6, 23, 23],
    ])
    expect(whole.outputs.every(({ outputs }) => Array.from(outputs.data).every(Number.isFinite))).toBe(true)
  })

  for (let step = 1; step <= 6; step++) {
    test(`after step ${step}`, async () => {
      const resumed = await infer({}, whole.states[step - 1])
      expect([...whole.outputs.slice(0, step), ...resumed.outputs]).toEqual(whole.outputs)
      expect(resumed.states.map(timeless)).toEqual(whole.states.slice(step).map(timeless))
      expect([...whole.counts.slice(0, step), ...resumed.counts]).toEqual(whole.counts)
      expect(resumed.summary).toMatchObject({ outcome: 'finished', steps: 6, samples: 23, warnings: [] })
    })
  }

  test('with other batches, from the same sample on', async () => {
    const resumed = await infer({ batchSize: 7, prefetch: 0 }, whole.states[1])
    const flat = (outputs: readonly InferenceOutput[]) =>
      outputs.flatMap((output) => Array.from(output.outputs.data))
    expect(flat([...whole.outputs.slice(0, 2), ...resumed.outputs])).toEqual(flat(whole.outputs))
    expect(resumed.outputs.map(({ step, samples, size }) => [step, samples, size])).toEqual([
      [3, 8, 7],
      [4, 15, 7],
      [5, 22, 1],
    ])
  })

  /** However it was interrupted: what was taken before the last state, and what is resumed from it, is everything. */
  async function expectNothingLost({
    got,
    last,
  }: {
    got: InferenceOutput[]
    last: InferenceState | undefined
  }) {
    const resumed = await infer({}, last)
    const before = got.filter(({ step }) => step <= (last as InferenceState).step)
    expect([...before, ...resumed.outputs]).toEqual(whole.outputs)
    return (last as InferenceState).step
  }

  test('when the loop was left: the outputs it was left at come again', async () => {
    const ended = await interrupted(async (run, _, got) => {
      for await (const output of run.outputs()) {
        if (output.step === 4) break
        got.push(output)
      }
    })
    expect(await expectNothingLost(ended)).toBe(3)
  })

  test('when a receiver failed: so do those that it failed with', async () => {
    const ended = await interrupted(async (run, _, got) => {
      const receive = (output: InferenceOutput): void => {
        if (output.step === 4) throw new Error('disk full')
        got.push(output)
      }
      await expect(run.run(receive)).rejects.toThrow('disk full')
    })
    expect(await expectNothingLost(ended)).toBe(3)
  })

  test('when it was stopped: nothing comes again', async () => {
    const ended = await interrupted(async (run, _, got) => {
      for await (const output of run.outputs()) {
        got.push(output)
        if (output.step === 4) run.stop('enough for today')
      }
      expect(run.summary).toMatchObject({ outcome: 'stopped', steps: 4, samples: 16 })
    })
    expect(ended.got.map(({ step }) => step)).toEqual([1, 2, 3, 4])
    expect(await expectNothingLost(ended)).toBe(4)
  })

  test('when a hook failed', async () => {
    const ended = await interrupted(async (_, states, got) => {
      const hooks = [
        counting([]),
        keeping(states as InferenceState[]),
        faultyHook({ at: inference.step.post, fault: 'throws', delivery: 3 }),
      ]
      await using failing = new Inference({ ...options, hooks })
      await expect(failing.run((output) => void got.push(output))).rejects.toThrow('faulty on purpose')
    })
    expect(await expectNothingLost(ended)).toBe(2)
  })

  test('triggers go on where they were', async () => {
    const due = async (steps: number[], from?: InferenceState): Promise<number[]> => {
      const watch: Hook = {
        name: 'watch',
        setup(run) {
          const note = ({ step }: { readonly step: number }): void => void steps.push(step)
          run.subscribe(inference.step.post, note, { when: every('6 samples') })
          run.subscribe(inference.step.post, ({ step }) => void steps.push(-step), { when: every('50%') })
        },
      }
      await infer({ hooks: [watch] }, from)
      return steps
    }
    expect(await due([])).toEqual([2, 3, -3, 5, -6])
    expect(await due([], whole.states[2])).toEqual([5, -6])
  })

  test('what was asked for and not decided is decided then', async () => {
    const seen: string[] = []
    const asking: Hook = {
      name: 'asking',
      setup: (run) =>
        void run.subscribe(inference.checkpoint, ({ step, requests }) => {
          for (const { reason, requestedBy } of requests) seen.push(`${step}: ${reason}, ${requestedBy}`)
          if (step === 2) run.save('once more')
        }),
    }
    const { states } = await infer({ hooks: [asking] })
    await infer({ hooks: [asking] }, states[1])
    expect(seen).toEqual(['3: once more, asking', '3: once more, asking'])
  })

  test('not on data of another length', async () => {
    await expect(infer({ data: corners({ samples: 24 }) }, whole.states[1])).rejects.toThrow(
      'data has 24 samples, that of the saved run had 23',
    )
  })
})

describe('a state', () => {
  test('is captured and restored while its event is delivered', async () => {
    let capture: (() => Promise<InferenceState>) | undefined
    let restore: ((state: InferenceState) => Promise<void>) | undefined
    const late: Hook = {
      name: 'late',
      setup(run) {
        run.subscribe(inference.restore, (context) => {
          restore = context.restore
        })
        run.subscribe(inference.checkpoint, (context) => {
          capture = context.capture
        })
        run.subscribe(inference.finished, async () => {
          await expect(capture?.()).rejects.toThrow(
            'capture() can be called while inference.checkpoint is delivered only',
          )
          await expect(restore?.({} as never)).rejects.toThrow(
            'restore() can be called while inference.restore is delivered only',
          )
        })
      },
    }
    expect((await infer({ hooks: [late] })).summary.outcome).toBe('finished')
  })

  test('that is refused leaves the next to be tried', async () => {
    const { states, outputs } = await infer()
    const damaged = {
      ...(states[3] as InferenceState),
      data: { epoch: 1, samples: 16, batches: 4, length: 7 },
    }
    const trying: Hook = {
      name: 'trying',
      setup: (run) =>
        void run.subscribe(inference.restore, async ({ restore }) => {
          await expect(restore(damaged)).rejects.toThrow('that of the saved run had 7')
          await restore(states[1] as InferenceState)
        }),
    }
    expect((await infer({ hooks: [trying] })).outputs).toEqual(outputs.slice(2))
  })

  test('that a hook refuses leaves none of it behind', async () => {
    const { states, outputs } = await infer()
    const saved = states[3] as InferenceState
    const refusing: Hook = {
      name: 'refusing',
      setup(run) {
        const load = (): void => {
          throw new Error('no such counter')
        }
        run.persist({ version: 2, save: () => 0, load })
        run.subscribe(inference.restore, async ({ restore }) => {
          const older = { ...saved, hooks: { refusing: { version: 1, state: 0 } } }
          await expect(restore(older)).rejects.toThrow('was saved as version 1; this one reads version 2')
          const strange = { ...saved, hooks: { refusing: { version: 2, state: 0 } } }
          await expect(restore(strange)).rejects.toThrow('no such counter')
        })
      },
    }
    const afresh = await infer({ hooks: [refusing] })
    expect(afresh.outputs).toEqual(outputs)
    expect(afresh.summary).toMatchObject({ steps: 6, samples: 23 })
  })

  test.each([undefined, null, 3, {}, { step: 1, data: {}, hooks: {} }])('is not %j', async (state) => {
    const refused = infer({}, (state ?? null) as never)
    await expect(refused).rejects.toThrow('this is not the state of an inference: give what capture()')
  })
})

describe('a stream', () => {
  function* stream(): Generator<Batch> {
    for (let sample = 0; sample < 6; sample++) yield numbered(sample, sample + 0.5)
  }
  const { batchSize, ...streamed } = { ...options, backend: plainBackend(), data: (() => stream()) as Data }

  async function pass(
    from?: InferenceState,
  ): Promise<{ seen: number[][]; states: InferenceState[]; summary: object }> {
    const states: InferenceState[] = []
    await using run = new Inference({ ...streamed, hooks: [keeping(states), restoring(from)] })
    const seen: number[][] = []
    const summary = await run.run(({ batch }) => void seen.push(samplesOf(batch)))
    return { seen, states, summary }
  }

  test('is resumed after any step by reading it again, with a warning', async () => {
    const whole = await pass()
    expect(whole.seen).toHaveLength(6)
    for (let step = 1; step <= 6; step++) {
      const resumed = await pass(whole.states[step - 1])
      expect([...whole.seen.slice(0, step), ...resumed.seen]).toEqual(whole.seen)
      expect(resumed.summary).toMatchObject({
        steps: 6,
        samples: 12,
        warnings: [expect.stringContaining('data is read again')],
      })
    }
  })
})

describe('several ranks', () => {
  async function onRanks<Result>(
    worldSize: number,
    act: (distributed: ProcessGroup) => Promise<Result>,
  ): Promise<Result[]> {
    return Promise.all(inMemoryGroup(worldSize).map(act))
  }

  /** By step, then by rank: the order of the data. */
  function merged(ranks: readonly (readonly InferenceOutput[])[]): InferenceOutput[] {
    return ranks.flat().sort((one, other) => one.step - other.step)
  }

  const values = (outputs: readonly InferenceOutput[]): number[] =>
    outputs.flatMap(({ outputs: { data } }) => Array.from(data))

  test('share a dataset, each in order; together they give what one gives', async () => {
    const alone = await infer({ batchSize: 4 })
    for (const worldSize of [2, 3]) {
      const ranks = await onRanks(worldSize, (distributed) => infer({ batchSize: 3, distributed }))
      expect(values(merged(ranks.map(({ outputs }) => outputs)))).toEqual(values(alone.outputs))
      expect(ranks.map(({ summary }) => summary.samples)).toEqual(ranks.map(() => 23))
    }
  })

  test('resume together, after any step', async () => {
    const whole = await onRanks(2, (distributed) => infer({ batchSize: 3, distributed }))
    const steps = whole[0]?.summary.steps as number
    for (let step = 1; step <= steps; step++) {
      const resumed = await onRanks(2, (distributed) => {
        const state = whole[distributed.rank]?.states[step - 1]
        return infer({ batchSize: 3, distributed }, state)
      })
      resumed.forEach(({ outputs }, rank) => {
        const before = whole[rank]?.outputs.filter((output) => output.step <= step) ?? []
        expect([...before, ...outputs]).toEqual(whole[rank]?.outputs)
      })
    }
  })

  test('that restored different steps are told', async () => {
    const { states } = await infer()
    const results = await Promise.allSettled(
      inMemoryGroup(2).map((distributed) => infer({ distributed }, states[distributed.rank])),
    )
    expect(results.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual([
      expect.stringContaining('ranks restored different steps, from 1 to 2'),
      expect.stringContaining('ranks restored different steps, from 1 to 2'),
    ])
  })

  test('agree on the least step that each can restore', async () => {
    const agreed = await onRanks(2, async (distributed) => {
      let least: number | undefined
      const agreeing: Hook = {
        name: 'agreeing',
        setup: (run) =>
          void run.subscribe(inference.restore, async ({ agree }) => {
            least = await agree(distributed.rank === 0 ? 7 : 5)
          }),
      }
      await infer({ distributed, hooks: [agreeing] })
      return least
    })
    expect(agreed).toEqual([5, 5])
  })

  test('read streams of their own to the end of the longest', async () => {
    const { batchSize, ...streamed } = { ...options, backend: plainBackend() }
    const data: Data = (_, { rank }) =>
      rank === 0 ? [numbered(0), numbered(1), numbered(2)] : [numbered(10)]
    const seen = await onRanks(2, async (distributed) => {
      const trace = recordTrace({ only: ['inference.step.post', 'inference.forward.post'], indent: false })
      await using run = new Inference({ ...streamed, data, distributed, hooks: [trace] })
      const samples: number[] = []
      const summary = await run.run(({ batch }) => void samples.push(...samplesOf(batch)))
      return { samples, counted: [summary.steps, summary.samples], trace: trace.lines }
    })
    const step = (n: number) => [`inference.forward.post ${n}`, `inference.step.post ${n}`]
    expect(seen).toEqual([
      { samples: [0, 1, 2], counted: [3, 4], trace: [...step(1), ...step(2), ...step(3)] },
      {
        samples: [10],
        counted: [3, 4],
        trace: [...step(1), 'inference.step.post 2', 'inference.step.post 3'],
      },
    ])
  })

  test('what one asks for, all do; where one loop is left, all end', async () => {
    const ends = ['inference.stopped', 'inference.failed', 'inference.closed']
    const onBoth = (act: (run: Inference, step: number) => 'leave' | undefined) =>
      onRanks(2, async (distributed) => {
        const trace = recordTrace({ only: ends })
        await using run = new Inference({ ...options, batchSize: 2, distributed, hooks: [trace] })
        for await (const { step } of run.outputs()) {
          if (distributed.rank === 1 && act(run, step) === 'leave') break
        }
        return trace.lines
      })
    const stopped = (run: Inference, step: number): undefined => {
      if (step === 2) run.stop('enough')
    }
    expect({
      stopped: await onBoth(stopped),
      left: await onBoth((_, step) => (step === 2 ? 'leave' : undefined)),
    }).toMatchInlineSnapshot(`
      {
        "left": [
          [
            "inference.stopped 1 "its outputs were left" requested by another rank, aborted",
            "inference.closed 1 stopped",
          ],
          [
            "inference.stopped 1 "its outputs were left" requested by caller, aborted",
            "inference.closed 1 stopped",
          ],
        ],
        "stopped": [
          [
            "inference.stopped 2 "asked for on another rank" requested by another rank",
            "inference.closed 2 stopped",
          ],
          [
            "inference.stopped 2 "enough" requested by caller",
            "inference.closed 2 stopped",
          ],
        ],
      }
    `)
  })

  test('what one asks for at once, all do', async () => {
    const traces = await onRanks(2, async (distributed) => {
      const trace = recordTrace({
        only: ['inference.step.post', 'inference.checkpoint', 'inference.stopped'],
      })
      const asking: Hook = {
        name: 'asking',
        setup(run) {
          run.subscribe(inference.forward.pre, ({ step }) => {
            if (distributed.rank === 0 || step !== 2) return
            run.stop('told to go', { now: true })
            run.save('told to go', { now: true })
          })
          run.subscribe(inference.checkpoint, ({ requests }) => {
            for (const { requestedBy } of requests)
              (trace.lines as string[]).push(`  saves for ${requestedBy}`)
          })
        },
      }
      await using run = new Inference({ ...options, batchSize: 2, distributed, hooks: [trace, asking] })
      await run.run()
      return trace.lines
    })
    expect(traces).toMatchInlineSnapshot(`
      [
        [
          "inference.step.post 1",
          "inference.checkpoint 1",
          "inference.step.post 2",
          "inference.checkpoint 2",
          "  saves for another rank",
          "inference.stopped 2 "asked for on another rank" requested by another rank, aborted",
        ],
        [
          "inference.step.post 1",
          "inference.checkpoint 1",
          "inference.step.post 2",
          "inference.checkpoint 2",
          "  saves for asking",
          "inference.stopped 2 "told to go" requested by asking, aborted",
        ],
      ]
    `)
  })

  test('one whose receiver fails does not leave the other waiting', async () => {
    const results = await Promise.allSettled(
      inMemoryGroup(2).map(async (distributed) => {
        await using run = new Inference({
          ...options,
          distributed,
          data: numbers(20),
          backend: plainBackend(),
        })
        return run.run(({ step }) => {
          if (distributed.rank === 1 && step === 2) throw new Error('disk full')
        })
      }),
    )
    expect(results.map((result) => (result as PromiseRejectedResult).reason.message)).toEqual([
      'another rank failed: disk full',
      'disk full',
    ])
  })
})
