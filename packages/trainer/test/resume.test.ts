import { evaluate, every, type Hook, type RunState, train } from '@hookstep/catalogue'
import { corners, plainBackend } from '@hookstep/testing'
import { cosine, type Data, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

/** Everything that must survive: dropped inputs, momentum, shuffling, accumulation, a schedule, two epochs and a half. */
const options: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy', inputNoise: 0.1 }),
  data: corners({ samples: 50 }),
  batchSize: 4,
  accumulate: 3,
  steps: 12,
  seed: 7,
  learningRate: cosine({ from: 0.2 }),
  log: every('1 step'),
}

/** Keeps every number it is told, across stops. */
function diary(): Hook & { readonly entries: string[] } {
  const entries: string[] = []
  return {
    name: 'diary',
    entries,
    setup(run) {
      run.subscribe(train.log, ({ step, values }) =>
        entries.push(`${step} ${values.loss} ${values.learning_rate}`),
      )
      run.subscribe(train.epoch.post, ({ epoch }) => entries.push(`epoch ${epoch} is over`))
      run.persist({
        version: 1,
        save: () => [...entries],
        load: (saved: string[]) => {
          entries.splice(0, entries.length, ...saved)
        },
      })
    },
  }
}

/** Keeps the state at the end of a step, as JSON and plain arrays, and stops there. */
function keepAt(step: number, keep: (state: RunState) => void): Hook {
  return {
    name: 'keeper',
    setup(run) {
      run.subscribe(train.checkpoint, async (context) => {
        if (context.step !== step) return
        keep(structuredClone(await context.capture()))
        run.stop('kept')
      })
    },
  }
}

function restoring(state: RunState): Hook {
  return {
    name: 'keeper',
    setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(state)),
  }
}

async function run(overrides: Partial<TrainerOptions>): Promise<{ diary: string[]; end: RunState }> {
  const written = diary()
  let end: RunState | undefined
  const last = keepAt(12, (state) => {
    end = state
  })
  const hooks = [written, { ...last, name: 'end' }, ...(overrides.hooks ?? [])]
  await using trainer = new Trainer({ ...options, ...overrides, hooks })
  await trainer.train()
  return { diary: written.entries, end: end as RunState }
}

async function stateAt(step: number, overrides: Partial<TrainerOptions> = {}): Promise<RunState> {
  let state: RunState | undefined
  const hooks = [
    diary(),
    keepAt(step, (kept) => {
      state = kept
    }),
  ]
  await using trainer = new Trainer({ ...options, ...overrides, hooks })
  await trainer.train()
  return state as RunState
}

/** All that must be the same bits; the clock goes on, and the run that resumes has one hook more. */
function comparable({ seconds, configuration, ...state }: RunState): object {
  return state
}

describe('a run that is stopped after any step and resumed ends with the same bits', async () => {
  const whole = await run({})
  for (let step = 1; step < 12; step++) {
    test(`after step ${step}`, async () => {
      const resumed = await run({ hooks: [restoring(await stateAt(step))] })
      expect(comparable(resumed.end)).toEqual(comparable(whole.end))
      expect(resumed.diary).toEqual(whole.diary)
    })
  }

  test('on a device whose numbers come late', async () => {
    const backend = plainBackend({
      layers: [2, 8, 2],
      loss: 'cross_entropy',
      inputNoise: 0.1,
      readbackLag: 3,
    })
    // A checkpoint takes along what is late: it is told before the end of the epoch, not after.
    const logs = (entries: string[]): string[] => entries.filter((entry) => !entry.startsWith('epoch'))
    const resumed = await run({ backend, hooks: [restoring(await stateAt(5, { backend }))] })
    expect(logs(resumed.diary)).toEqual(logs(whole.diary))
    expect(resumed.end.session).toEqual(whole.end.session)
  })
})

test('a stream is resumed by reading it again, with a warning', async () => {
  const dataset = corners({ samples: 30 })
  const data: Data = function* (epoch) {
    for (let from = 0; from < 30; from += 3) {
      yield dataset.batch(
        Uint32Array.from([0, 1, 2], (i) => (from + i * epoch) % 30),
        undefined as never,
      ) as never
    }
  }
  const { batchSize, ...rest } = options
  const trainOn = async (hooks: Hook[]) => {
    const written = diary()
    await using trainer = new Trainer({ ...rest, data, hooks: [written, ...hooks] })
    return { summary: await trainer.train(), entries: written.entries }
  }
  let state: RunState | undefined
  await trainOn([
    keepAt(5, (kept) => {
      state = kept
    }),
  ])
  const resumed = await trainOn([restoring(state as RunState)])
  expect(resumed.entries).toEqual((await trainOn([])).entries)
  expect(resumed.summary.warnings).toEqual([expect.stringContaining('data is read again')])
})

test('triggers go on where they were', async () => {
  const dueSteps = (steps: number[]): Hook => ({
    name: 'due',
    setup(run) {
      run.subscribe(train.step.post, ({ step }) => steps.push(step), { when: every('25 samples') })
    },
  })
  const [whole, first, second]: number[][] = [[], [], []]
  await run({ hooks: [dueSteps(whole as number[])] })
  const state = await stateAt(5)
  await run({ steps: 5, hooks: [dueSteps(first as number[])] })
  await run({ hooks: [dueSteps(second as number[]), restoring(state)] })
  expect([...(first as number[]), ...(second as number[])]).toEqual(whole)
})

describe('what does not fit is refused or told', () => {
  test('another seed', async () => {
    const state = await stateAt(2)
    await expect(run({ seed: 8, hooks: [restoring(state)] })).rejects.toThrow(
      'the saved run has seed 7, this one 8: give it the same',
    )
  })

  test("a hook's state of another version, unless the hook migrates it", async () => {
    const state = await stateAt(2)
    const old = { ...state, hooks: { diary: { version: 0, state: 'one, two' } } }
    await expect(run({ hooks: [restoring(old)] })).rejects.toThrow(
      'the state of hook "diary" was saved as version 0; this one reads version 1 and has no migrate()',
    )
    let loaded: unknown
    const migrating: Hook = {
      name: 'diary',
      setup(run) {
        run.persist({
          version: 1,
          save: (): string[] => [],
          load: (saved) => {
            loaded = saved
          },
          migrate: (saved, version) => [`version ${version}`, ...(saved as string).split(', ')],
        })
      },
    }
    await using trainer = new Trainer({ ...options, hooks: [migrating, restoring(old)] })
    await trainer.train()
    expect(loaded).toEqual(['version 0', 'one', 'two'])
  })

  test('missing and left-over states are warnings', async () => {
    const state = await stateAt(2)
    const hooks = [
      { ...diary(), name: 'new one' },
      { ...diary(), name: 'another' },
      restoring({
        ...state,
        hooks: { 'new one': state.hooks.diary as never, gone: state.hooks.diary as never },
      }),
    ]
    await using trainer = new Trainer({ ...options, hooks })
    expect((await trainer.train()).warnings).toEqual([
      'no state was saved for hook "another": it starts fresh',
      'the saved state of hook "gone" is not used: no hook of that name keeps one',
    ])
  })

  test('restoring at another moment', async () => {
    const state = await stateAt(2)
    let restore: ((state: RunState) => Promise<void>) | undefined
    const late: Hook = {
      name: 'late',
      setup(run) {
        run.subscribe(train.restore, (context) => {
          restore = context.restore
        })
        run.subscribe(train.step.post, () => restore?.(state))
      },
    }
    await expect(run({ hooks: [late] })).rejects.toThrow(
      'Hook "late" failed at train.step.post: restore() can be called while train.restore is delivered only',
    )
  })
})

test('what a hook has asked for and the run has not decided goes on as well', async () => {
  const skipping: Hook = {
    name: 'skipping',
    setup(run) {
      run.subscribe(train.step.post, ({ step }) => {
        if (step === 3) run.skipStep('the next one is odd')
      })
    },
  }
  const whole = await run({ hooks: [skipping] })
  const state = await stateAt(3, { hooks: [] })
  expect(state.requests).toEqual([])
  let kept: RunState | undefined
  await using trainer = new Trainer({
    ...options,
    hooks: [
      diary(),
      skipping,
      keepAt(3, (at3) => {
        kept = at3
      }),
    ],
  })
  await trainer.train()
  const resumed = await run({ hooks: [restoring(kept as RunState)] })
  expect(resumed.end.session).toEqual(whole.end.session)
})

test('a state in the place of one that was restored before brings its own requests alone', async () => {
  const state = await stateAt(3)
  const asking = (reason: string): RunState => {
    return { ...state, requests: [{ kind: 'evaluate', reason, requestedBy: 'somebody', step: 3 }] }
  }
  const first: Hook = { ...restoring(asking('the first')), name: 'first' }
  const second: Hook = { ...restoring(asking('the second')), name: 'second' }
  await using trainer = new Trainer({ ...options, hooks: [diary(), first, second] })
  const { requests } = await trainer.train()
  expect(requests.map(({ reason }) => reason)).toEqual(['the second'])
})

test('a stream that ends its epoch with the checkpoint is not evaluated twice', async () => {
  const dataset = corners({ samples: 8 })
  const data: Data = () =>
    [0, 4].map(
      (from) =>
        dataset.batch(Uint32Array.of(from, from + 1, from + 2, from + 3), undefined as never) as never,
    )
  const { batchSize, accumulate, ...rest } = options
  const evaluatedSteps = async (hooks: Hook[]): Promise<{ steps: number[]; state: RunState | undefined }> => {
    const steps: number[] = []
    let state: RunState | undefined
    const watch: Hook = {
      name: 'watch',
      setup(run) {
        run.subscribe(evaluate.post, ({ step }) => steps.push(step))
        run.subscribe(train.checkpoint, async ({ step, capture }) => {
          if (step === 2) state = structuredClone(await capture())
        })
      },
    }
    const evaluation = { data: corners({ samples: 4 }) }
    await using trainer = new Trainer({
      ...rest,
      data,
      steps: 6,
      evaluate: evaluation,
      hooks: [watch, ...hooks],
    })
    await trainer.train()
    return { steps, state }
  }
  const { steps, state } = await evaluatedSteps([])
  expect(steps).toEqual([2, 4, 6])
  expect((await evaluatedSteps([restoring(state as RunState)])).steps).toEqual([4, 6])
})

test('where one state is refused the next can be restored, of a stream too', async () => {
  const dataset = corners({ samples: 24 })
  const data: Data = () =>
    Array.from(
      { length: 6 },
      (_, at) => dataset.batch(Uint32Array.of(at, at + 6, at + 12), undefined as never) as never,
    )
  const { batchSize, accumulate, steps, ...others } = options
  const rest = { ...others, learningRate: 0.1 }
  const states: RunState[] = []
  const keeping: Hook = {
    name: 'keeping',
    setup: (run) =>
      void run.subscribe(train.checkpoint, async ({ capture }) => {
        states.push(structuredClone(await capture()))
      }),
  }
  await using whole = new Trainer({ ...rest, data, epochs: 1, hooks: [keeping] })
  await whole.train()
  const damaged = { ...(states[3] as RunState), data: { epoch: 1, samples: 0, batches: 99 } }
  const trying: Hook = {
    name: 'trying',
    setup: (run) =>
      void run.subscribe(train.restore, async ({ restore }) => {
        await expect(restore(damaged)).rejects.toThrow('data ends after 6 batches of epoch 1')
        await restore(states[1] as RunState)
      }),
  }
  const end = states.at(-1) as RunState
  await using resumed = new Trainer({ ...rest, data, epochs: 1, hooks: [trying, keeping] })
  expect((await resumed.train()).steps).toBe(6)
  expect(states.at(-1)?.session).toEqual(end.session)
})

describe('a saved state is refused', () => {
  test('by a hook: the run does not begin with the rest of it, but with another that is restored', async () => {
    const state = await stateAt(2)
    const other = await stateAt(3)
    const refusing: Hook = {
      name: 'refusing',
      setup(run) {
        const load = (saved: boolean): void => {
          if (!saved) throw new Error('no such counter')
        }
        run.persist<boolean>({ version: 1, save: () => true, load })
      },
    }
    const trying = (next?: RunState): Hook => ({
      name: 'trying',
      setup(run) {
        run.subscribe(train.restore, async ({ restore }) => {
          const strange = { ...state, hooks: { ...state.hooks, refusing: { version: 1, state: false } } }
          await expect(restore(strange)).rejects.toThrow('no such counter')
          if (next !== undefined) await restore(next)
        })
      },
    })
    const whole = await run({ hooks: [refusing] })
    const resumed = await run({ hooks: [refusing, trying(other)] })
    expect(resumed.end.session).toEqual(whole.end.session)
    await expect(run({ hooks: [refusing, trying()] })).rejects.toThrow(
      'a hook has refused its part of the state that was restored: restore another one',
    )
  })

  test('when the data has another number of samples', async () => {
    const state = await stateAt(2)
    await expect(run({ data: corners({ samples: 40 }), hooks: [restoring(state)] })).rejects.toThrow(
      'the saved run has data.length 50, this one 40: give it the same',
    )
  })

  test('when a hook would save what JSON cannot hold', async () => {
    const best: Hook = {
      name: 'best',
      setup: (run) => run.persist({ version: 1, save: () => ({ loss: Infinity }), load() {} }),
    }
    await expect(run({ hooks: [best] })).rejects.toThrow(
      'Hook "best" failed at persist.save: save().loss is Infinity, which JSON cannot hold',
    )
  })
})

test('a state is captured while its event is delivered, and is waited for', async () => {
  let late: (() => Promise<RunState>) | undefined
  let state: RunState | undefined
  const careless: Hook = {
    name: 'careless',
    setup(run) {
      run.subscribe(train.checkpoint, ({ step, capture }) => {
        if (step !== 2) return
        late = capture
        // Neither returned nor awaited.
        void capture().then((captured) => {
          state = captured
        })
      })
      run.subscribe(train.step.pre, async ({ step }) => {
        if (step !== 3) return
        expect(state?.step).toBe(2)
        await expect(late?.()).rejects.toThrow(
          'capture() can be called while train.checkpoint is delivered only',
        )
      })
    },
  }
  await run({ hooks: [careless] })
  expect(state?.step).toBe(2)
})
