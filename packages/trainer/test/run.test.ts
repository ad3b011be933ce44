import { evaluate, every, type Hook, type Run, train } from '@hookstep/catalogue'
import { defineEvent, EventBus } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { arrays, type Backend, cosine, type Session, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { expect, test } from 'vitest'

const options: TrainerOptions = {
  backend: plainBackend(),
  data: line({ samples: 32 }),
  batchSize: 8,
  epochs: 5,
  learningRate: 0.1,
}

test('learns: 20 steps bring the loss of a line near the noise of its points', async () => {
  const evaluation = { data: line({ samples: 32, seed: 1 }) }
  await using trainer = new Trainer({ ...options, evaluate: evaluation })
  const before = await trainer.evaluate(evaluation.data)
  const { steps, lastEvaluation } = await trainer.train()
  expect(steps).toBe(20)
  expect(lastEvaluation?.loss).toBeLessThan((before.loss as number) / 20)
})

test('same seed, same bits; another seed, others', async () => {
  const learned = async (seed: number): Promise<number[]> => {
    await using trainer = new Trainer({ ...options, seed })
    await trainer.train()
    return Array.from(
      (await trainer.predict({ inputs: { data: Float32Array.of(0, 1), shape: [2, 1] } })).data,
    )
  }
  const first = await learned(3)
  expect(await learned(3)).toEqual(first)
  expect(await learned(4)).not.toEqual(first)
})

test('accumulated microbatches learn what one large batch does', async () => {
  const weights = async (batchSize: number, accumulate: number): Promise<ArrayLike<number>> => {
    // Steps of 8 of 36 samples: the last step of an epoch is smaller, and its microbatches uneven.
    await using trainer = new Trainer({ ...options, data: line({ samples: 36 }), batchSize, accumulate })
    await trainer.train()
    return (await trainer.predict({ inputs: { data: Float32Array.of(0, 1), shape: [2, 1] } })).data
  }
  const whole = await weights(8, 1)
  for (const [batchSize, accumulate] of [
    [4, 2],
    [3, 3],
    [1, 8],
  ] as const) {
    if (batchSize * accumulate !== 8) continue
    const parts = await weights(batchSize, accumulate)
    expect(Array.from(parts)).toEqual(Array.from(whole, (value) => expect.closeTo(value, 5)))
  }
})

test('gradients are clipped to their global norm, which is logged', async () => {
  const norms: number[] = []
  const watch: Hook = {
    name: 'watch',
    setup(run) {
      run.subscribe(train.optimizer_step.pre, async ({ gradientNorm }) => {
        norms.push((await gradientNorm()) as number)
      })
      run.subscribe(train.log, ({ values }) => norms.push(values.gradient_norm as number))
    },
  }
  const backend = plainBackend({ momentum: 0 })
  const clipping = {
    ...options,
    backend,
    steps: 1,
    maxGradientNorm: 0.01,
    learningRate: 1,
    log: every('1 step'),
  }
  await using trainer = new Trainer({ ...clipping, hooks: [watch] })
  const at0 = { inputs: { data: Float32Array.of(0, 1), shape: [2, 1] } }
  const [bias0, sum0] = (await trainer.predict(at0)).data as unknown as [number, number]
  const { hostSyncs } = await trainer.train()
  const [bias1, sum1] = (await trainer.predict(at0)).data as unknown as [number, number]
  const moved = Math.hypot(bias1 - bias0, sum1 - bias1 - (sum0 - bias0))
  expect(moved).toBeCloseTo(0.01, 6)
  expect(norms).toEqual([expect.any(Number), norms[0]])
  expect(norms[0]).toBeGreaterThan(0.01)
  expect(hostSyncs).toBe(1)
})

test('the learning rate of each step is that of the schedule', async () => {
  const rates: number[] = []
  const watch: Hook = {
    name: 'watch',
    setup: (run) => void run.subscribe(train.step.pre, ({ learningRate }) => rates.push(learningRate)),
  }
  await using trainer = new Trainer({
    ...options,
    steps: 3,
    learningRate: cosine({ from: 0.2 }),
    hooks: [watch],
  })
  await trainer.train()
  expect(rates).toEqual([0.2, expect.closeTo(0.1, 10), 0])
})

test('a hook asks by request; the summary tells who asked for what, when and why', async () => {
  const asking: Hook = {
    name: 'asking',
    setup(run) {
      run.save('before it begins')
      run.subscribe(train.step.post, ({ step }) => {
        if (step === 2) run.evaluate('curious')
        if (step === 3) run.stop('seen enough')
      })
    },
  }
  await using trainer = new Trainer({ ...options, hooks: [asking] })
  const { outcome, reason, requestedBy, requests, warnings } = await trainer.train()
  expect({ outcome, reason, requestedBy }).toEqual({
    outcome: 'stopped',
    reason: 'seen enough',
    requestedBy: 'asking',
  })
  expect(requests).toEqual([
    { kind: 'save', reason: 'before it begins', requestedBy: 'asking', step: 0 },
    { kind: 'evaluate', reason: 'curious', requestedBy: 'asking', step: 2 },
    { kind: 'stop', reason: 'seen enough', requestedBy: 'asking', step: 3 },
  ])
  expect(warnings).toEqual([
    'a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint',
    'an evaluation was asked for, but the trainer has no evaluate.data',
  ])
})

test('a task may follow the run, before the hooks', async () => {
  const told: string[] = []
  const hears = (name: string) => (run: Run) => void run.subscribe(train.ready, () => told.push(name))
  const backend: Backend = { ...plainBackend(), registerEvents: hears('task') }
  await using trainer = new Trainer({ ...options, backend, hooks: [{ name: 'hook', setup: hears('hook') }] })
  await trainer.train()
  expect(told).toEqual(['task', 'hook'])
})

test('a bus from outside hears the run, keeps its own handlers, and is left as it was', async () => {
  const bus = new EventBus()
  const told: string[] = []
  const paused = defineEvent<{ readonly why: string }>('test.paused')
  bus.subscribe(paused, ({ why }) => told.push(why))
  bus.subscribe(train.epoch.post, ({ epoch }) => told.push(`epoch ${epoch}`))
  const hook: Hook = {
    name: 'hook',
    setup: (run) => void run.subscribe(train.epoch.pre, () => run.trigger(paused, { why: 'a breath' })),
  }
  await using trainer = new Trainer({ ...options, bus, epochs: 2, hooks: [hook] })
  await trainer.train()
  expect(told).toEqual(['a breath', 'epoch 1', 'a breath', 'epoch 2'])
  expect(bus.hasSubscribers(train.epoch.pre)).toBe(false)
  expect(bus.hasSubscribers(train.epoch.post)).toBe(true)
})

test('contexts are immutable', async () => {
  const frozen = new Set<boolean>()
  const watch: Hook = {
    name: 'watch',
    setup(run) {
      for (const event of [train.ready, train.step.pre, train.microbatch.post, train.log, train.closed]) {
        run.subscribe<object>(event, (context) => frozen.add(Object.isFrozen(context)))
      }
    },
  }
  await using trainer = new Trainer({ ...options, hooks: [watch] })
  await trainer.train()
  expect([...frozen]).toEqual([true])
})

test('hooks are cleaned up last first, after train.closed', async () => {
  const told: string[] = []
  const hook = (name: string): Hook => ({
    name,
    setup(run) {
      run.subscribe(train.closed, () => told.push(`${name} hears the end`))
      return () => told.push(`${name} is cleaned up`)
    },
  })
  await using trainer = new Trainer({ ...options, hooks: [hook('first'), hook('second')] })
  await trainer.train()
  expect(told).toEqual([
    'second hears the end',
    'first hears the end',
    'second is cleaned up',
    'first is cleaned up',
  ])
})

test('a run gives the event loop its turns: a timer goes off while it trains', async () => {
  let fired = false
  const data = arrays({
    inputs: { data: new Float32Array(1), shape: [1, 1] },
    targets: { data: new Float32Array(1), shape: [1, 1] },
  })
  const untilFired: Hook = {
    name: 'until fired',
    setup(run) {
      setTimeout(() => {
        fired = true
      })
      run.subscribe(train.step.post, () => {
        if (fired) run.stop('the timer went off')
      })
    },
  }
  const steps = 10_000_000
  await using trainer = new Trainer({ ...options, data, epochs: steps, steps, hooks: [untilFired] })
  expect((await trainer.train()).reason).toBe('the timer went off')
})

/** What a backend's session holds on the device. */
function counting(backend: Backend): { readonly backend: Backend; readonly tensors: () => number } {
  let session: Session | undefined
  const open: Backend['open'] = async (options) => {
    session = await backend.open(options)
    return session
  }
  return { backend: { ...backend, open }, tensors: () => session?.memory().tensors as number }
}

/** Reads at each step, and makes the run fail or abort at the seventh. */
function breaking(how: string, controller: AbortController): Hook {
  return {
    name: 'breaking',
    setup(run) {
      run.subscribe(train.forward_backward.post, async ({ step, loss }) => {
        await loss()
        if (step < 7) return
        if (how === 'fails') throw new Error('on purpose')
        if (how === 'is aborted') controller.abort(new Error('on purpose'))
      })
    },
  }
}

for (const readbackLag of [0, 3]) {
  for (const how of ['ends', 'fails', 'is aborted']) {
    test(`a run that ${how} leaves no handle behind (readback lag ${readbackLag})`, async () => {
      const { backend, tensors } = counting(plainBackend({ readbackLag }))
      const controller = new AbortController()
      await using trainer = new Trainer({
        ...options,
        backend,
        evaluate: { data: line({ samples: 9 }) },
        log: every('2 steps'),
        signal: controller.signal,
        hooks: [breaking(how, controller)],
      })
      await trainer.predict({ inputs: { data: Float32Array.of(0), shape: [1, 1] } })
      const before = tensors()
      await trainer.train().catch((error: Error) => expect(error.message).toContain('on purpose'))
      expect(tensors()).toBe(before)
    })
  }
}

test('a signal that a timer gives ends an evaluation, and the model stays usable', async () => {
  const point = { data: new Float32Array(1), shape: [1, 1] }
  const evaluation = {
    *data() {
      for (;;) yield { inputs: point, targets: point }
    },
    when: every('1 step'),
  }
  const controller = new AbortController()
  const hook: Hook = {
    name: 'hook',
    setup: (run) =>
      void run.subscribe(evaluate.pre, () => void setTimeout(() => controller.abort(new Error('enough')))),
  }
  await using trainer = new Trainer({
    ...options,
    evaluate: evaluation,
    signal: controller.signal,
    hooks: [hook],
  })
  expect(await trainer.train()).toMatchObject({ outcome: 'stopped', reason: 'enough', steps: 1 })
  expect(await trainer.evaluate(line({ samples: 4 }))).toMatchObject({ loss: expect.any(Number) })
})

test('an evaluation outside of a run has hooks of its own, which have nothing to ask for', async () => {
  const told: string[] = []
  const watch: Hook = {
    name: 'watch',
    setup(run) {
      run.subscribe(evaluate.post, ({ step }) => told.push(`${step} ${run.progress.step}`))
      return () => told.push('cleaned up')
    },
  }
  const asking: Hook = {
    name: 'asking',
    setup: (run) => void run.subscribe(evaluate.pre, () => run.stop('enough')),
  }
  await using trainer = new Trainer({ ...options, steps: 3 })
  await trainer.train()
  await trainer.evaluate(line({ samples: 4 }), { hooks: [watch] })
  expect(told).toEqual(['3 3', 'cleaned up'])
  await expect(trainer.evaluate(line({ samples: 4 }), { hooks: [asking] })).rejects.toThrow(
    '"asking" asked for stop: outside of a run there is nobody to ask',
  )
})

test('a live stream need not end, nor give another batch, when the steps are done', async () => {
  const point = { data: new Float32Array(1), shape: [1, 1] }
  async function* live() {
    for (let batch = 0; batch < 3; batch++) yield { inputs: point, targets: point }
    await new Promise(() => {})
  }
  const { batchSize, epochs, ...rest } = options
  await using trainer = new Trainer({ ...rest, data: live(), steps: 3 })
  expect(await trainer.train()).toMatchObject({ outcome: 'finished', steps: 3 })
})

test('events of a step on a stream tell what is known by then', async () => {
  const point = { data: new Float32Array(2), shape: [2, 1] }
  const { batchSize, epochs, ...rest } = options
  const told: unknown[] = []
  const watch: Hook = {
    name: 'watch',
    setup: (run) =>
      void run.subscribe(train.step.post, ({ progress }) => told.push([progress.samples, progress.last])),
  }
  const data = [
    { inputs: point, targets: point },
    { inputs: point, targets: point },
  ]
  await using trainer = new Trainer({ ...rest, data, epochs: 1, hooks: [watch] })
  await trainer.train()
  expect(told).toEqual([
    [2, false],
    [4, true],
  ])
})

test('a stop asked for in the last step, when all is done, is no stop', async () => {
  const last: Hook = {
    name: 'last',
    setup: (run) => void run.subscribe(train.step.post, ({ step }) => step === 20 && run.stop('late')),
  }
  await using trainer = new Trainer({ ...options, hooks: [last] })
  const summary = await trainer.train()
  expect(summary).toMatchObject({ outcome: 'finished', steps: 20 })
  expect(summary.reason).toBeUndefined()
})

test('a hook that skips steps itself need not tell the trainer not to mind their loss', async () => {
  const data = [1, Number.NaN, 1].map((target) => ({
    inputs: { data: Float32Array.of(1), shape: [1, 1] },
    targets: { data: Float32Array.of(target), shape: [1, 1] },
  }))
  const { batchSize, epochs, ...rest } = options
  const guard: Hook = {
    name: 'guard',
    setup: (run) =>
      void run.subscribe(train.forward_backward.post, async ({ loss }) => {
        if (!Number.isFinite(await loss())) run.skipStep('no number')
      }),
  }
  await using trainer = new Trainer({ ...rest, data, epochs: 1, log: every('1 step'), hooks: [guard] })
  expect(await trainer.train()).toMatchObject({ outcome: 'finished', steps: 3, skippedSteps: 1 })
})
