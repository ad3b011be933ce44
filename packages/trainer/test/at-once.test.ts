import { type Hook, type Run, type RunState, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { line, plainBackend, recordTrace } from '@hookstep/testing'
import { inMemoryGroup, type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { expect, test } from 'vitest'

/** Two steps of two microbatches. */
const small: TrainerOptions = {
  backend: plainBackend(),
  data: line({ samples: 8 }),
  batchSize: 2,
  accumulate: 2,
  epochs: 1,
  learningRate: 0.1,
}

const told = ['train.step', 'train.microbatch', 'train.checkpoint', 'train.stopped', 'train.finished']

interface Seen {
  readonly trace: string
  readonly summary: RunSummary
  /** What `train.checkpoint` said, and how far the captured step had come. */
  readonly saves: readonly string[]
}

/** Trains with hooks that ask, and tells what happened. */
async function see(hooks: readonly Hook[], options: Partial<TrainerOptions> = {}): Promise<Seen> {
  const trace = recordTrace({ only: told })
  const saves: string[] = []
  const saving: Hook = {
    name: 'saving',
    setup: (run) =>
      void run.subscribe(train.checkpoint, async ({ step, isWithinStep, requests, capture }) => {
        const { partial } = await capture()
        const asked = requests.map(
          ({ requestedBy, reason, now }) => `${requestedBy}: ${reason}${now ? ', now' : ''}`,
        )
        const place = partial ? `, next ${partial.next} of step ${partial.progress.step}` : ''
        expect(isWithinStep).toBe(partial !== undefined)
        saves.push(`after step ${step}${place} [${asked}]`)
      }),
  }
  await using trainer = new Trainer({ ...small, ...options, hooks: [trace, ...hooks, saving] })
  const summary = await trainer.train()
  return { trace: trace.toString(), summary, saves }
}

/** A hook that does something the first time that it is told an event. */
function once<Context extends object>(
  event: Event<Context>,
  act: (run: Run) => unknown,
  name = 'asking',
): Hook {
  return { name, setup: (run) => void run.subscribe(event, () => void act(run), { once: true }) }
}

test('a save at once comes before the next microbatch, and the step goes on', async () => {
  const { trace, saves, summary } = await see([
    once(train.microbatch.post, (run) => run.save('a spot price', { now: true })),
  ])
  expect(trace).toMatchInlineSnapshot(`
    "train.step.pre 1
      train.microbatch.pre 1 microbatch 1
      train.microbatch.post 1 microbatch 1
      train.checkpoint 0
      train.microbatch.pre 1 microbatch 2
      train.microbatch.post 1 microbatch 2
    train.step.post 1
    train.checkpoint 1
    train.step.pre 2
      train.microbatch.pre 2 microbatch 1
      train.microbatch.post 2 microbatch 1
      train.microbatch.pre 2 microbatch 2
      train.microbatch.post 2 microbatch 2
    train.step.post 2
    train.checkpoint 2
    train.finished 2"
  `)
  expect(saves).toMatchInlineSnapshot(`
    [
      "after step 0, next train.microbatch.pre of step 1 [asking: a spot price, now]",
      "after step 1 []",
      "after step 2 []",
    ]
  `)
  expect(summary.outcome).toBe('finished')
})

test('asked for when no microbatch is left, it comes at the end of the step', async () => {
  const { saves } = await see([once(train.optimizer_step.post, (run) => run.save('late', { now: true }))])
  expect(saves).toEqual(['after step 1 [asking: late, now]', 'after step 2 []'])
})

test('asked for between two steps, it is done there', async () => {
  const { saves } = await see([once(train.epoch.pre, (run) => run.save('early', { now: true }))])
  expect(saves).toEqual(['after step 0 [asking: early, now]', 'after step 1 []', 'after step 2 []'])
})

test('one that can wait does: it is not done together with one that cannot', async () => {
  const { saves } = await see([
    once(train.step.pre, (run) => run.save('at the end'), 'patient'),
    once(train.batch.pre, (run) => run.save('at once', { now: true }), 'urgent'),
  ])
  expect(saves).toEqual([
    'after step 0, next train.batch.pre of step 1 [urgent: at once, now]',
    'after step 1 [patient: at the end]',
    'after step 2 []',
  ])
})

test('a stop at once ends the run before the next microbatch, in the name of who asked', async () => {
  const { trace, summary } = await see([
    once(train.microbatch.post, (run) => run.stop('out of time', { now: true })),
  ])
  expect(trace).toMatchInlineSnapshot(`
    "train.step.pre 1
      train.microbatch.pre 1 microbatch 1
      train.microbatch.post 1 microbatch 1
    train.stopped 0 "out of time" requested by asking, aborted"
  `)
  expect(summary).toMatchObject({
    outcome: 'stopped',
    reason: 'out of time',
    requestedBy: 'asking',
    steps: 0,
  })
})

test('with both, in whatever order, the run saves, then stops', async () => {
  const both = (run: Run): void => {
    run.stop('going', { now: true })
    run.save('before I go', { now: true })
  }
  const { saves, summary } = await see([once(train.microbatch.pre, both)])
  expect(saves).toEqual(['after step 0, next train.microbatch.pre of step 1 [asking: before I go, now]'])
  expect(summary).toMatchObject({ outcome: 'stopped', reason: 'going' })
})

test('a stop at once that comes when all is done changes nothing', async () => {
  const late = (run: Run): unknown => run.progress.last && run.stop('too late', { now: true })
  const hook: Hook = {
    name: 'late',
    setup: (run) => void run.subscribe(train.step.post, () => void late(run)),
  }
  expect((await see([hook], { steps: 2 })).summary).toMatchObject({ outcome: 'finished', steps: 2 })
})

test('an aborted signal saves nothing by itself; what a hook asks for at its abort is done before the end', async () => {
  const controller = new AbortController()
  const abort = once(train.microbatch.pre, () => controller.abort('preempted'))
  const alone = await see([abort], { signal: controller.signal })
  expect(alone.saves).toEqual([])
  expect(alone.summary).toMatchObject({ outcome: 'stopped', reason: 'preempted', requestedBy: 'signal' })

  const other = new AbortController()
  const saving: Hook = {
    name: 'rescuing',
    setup: (run) => run.signal.addEventListener('abort', () => run.save('rescue', { now: true })),
  }
  const aborting = once(train.microbatch.pre, () => other.abort('preempted'))
  const rescued = await see([aborting, saving], { signal: other.signal })
  expect(rescued.saves).toEqual(['after step 0, next train.microbatch.pre of step 1 [rescuing: rescue, now]'])
  expect(rescued.summary).toMatchObject({ outcome: 'stopped', reason: 'preempted', requestedBy: 'signal' })
})

test('what nobody saves is a warning', async () => {
  const hook = once(train.batch.pre, (run) => run.save('in vain', { now: true }))
  await using trainer = new Trainer({ ...small, hooks: [hook] })
  expect((await trainer.train()).warnings).toEqual([
    'a checkpoint was asked for, but no hook saves any; add @hookstep/hook-checkpoint',
  ])
})

test('a save at once that fails ends the run with its error', async () => {
  const asking = once(train.microbatch.post, (run) => run.save('now', { now: true }))
  const failing = once(train.checkpoint, () => {
    throw new Error('disk full')
  })
  await using trainer = new Trainer({ ...small, hooks: [asking, { ...failing, name: 'failing' }] })
  await expect(trainer.train()).rejects.toThrow('Hook "failing" failed at train.checkpoint: disk full')
})

test('what one rank asks for at once, all do before the same microbatch', async () => {
  const saves = await Promise.all(
    inMemoryGroup(3).map(async (distributed) => {
      const asking = once(train.microbatch.pre, (run) => {
        run.save('mine alone', { now: true })
        run.stop('mine alone', { now: true })
      })
      const seen = await see(distributed.rank === 1 ? [asking] : [], { distributed, batchSize: 1 })
      return [...seen.saves, `${seen.summary.requestedBy}: ${seen.summary.reason}`]
    }),
  )
  const place = 'after step 0, next train.microbatch.pre of step 1'
  const others = [
    `${place} [another rank: asked for on another rank, now]`,
    'another rank: asked for on another rank',
  ]
  expect(saves).toEqual([others, [`${place} [asking: mine alone, now]`, 'asking: mine alone'], others])
})

test('ranks settle on the least step that any of them names', async () => {
  const agreed: number[] = []
  let late: ((value: number) => Promise<number>) | undefined
  await Promise.all(
    inMemoryGroup(3).map(async (distributed) => {
      const asking: Hook = {
        name: 'asking',
        setup: (run) =>
          void run.subscribe(train.restore, async ({ agree }) => {
            late = agree
            agreed.push(await agree([Infinity, 4, 7][distributed.rank] as number))
          }),
      }
      await using trainer = new Trainer({ ...small, batchSize: 1, distributed, hooks: [asking] })
      await trainer.train()
    }),
  )
  expect(agreed).toEqual([4, 4, 4])
  await expect(late?.(1)).rejects.toThrow('agree() can be called while train.restore is delivered only')
})

test('a number that is none is not agreed on', async () => {
  const asking: Hook = {
    name: 'asking',
    setup: (run) => void run.subscribe(train.restore, ({ agree }) => void agree(Number.NaN).catch(() => {})),
  }
  const failing: Hook = {
    name: 'failing',
    setup: (run) => void run.subscribe(train.restore, async ({ agree }) => void (await agree(Number.NaN))),
  }
  await using fine = new Trainer({ ...small, hooks: [asking] })
  await fine.train()
  await using trainer = new Trainer({ ...small, hooks: [failing] })
  await expect(trainer.train()).rejects.toThrow('agree(NaN): ranks agree on the least number; name one')
})

test('a hook may take its time to save its state, one after the other', async () => {
  const order: string[] = []
  const slow = (name: string): Hook => ({
    name,
    setup: (run) =>
      run.persist({
        version: 1,
        async save() {
          order.push(`${name} begins`)
          await new Promise((resolve) => setTimeout(resolve, 1))
          order.push(`${name} ends`)
          return name
        },
        load() {},
      }),
  })
  let state: RunState | undefined
  const saving: Hook = {
    name: 'saving',
    setup: (run) =>
      void run.subscribe(
        train.checkpoint,
        async ({ capture }) => {
          state = await capture()
        },
        { once: true },
      ),
  }
  await using trainer = new Trainer({ ...small, hooks: [slow('a'), slow('b'), saving] })
  await trainer.train()
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
  expect(state?.hooks).toEqual({ a: { version: 1, state: 'a' }, b: { version: 1, state: 'b' } })
})

test('a stop that waits for the end of the step ends a run, too, that goes on within that step', async () => {
  const states: RunState[] = []
  const asking: Hook = {
    name: 'asking',
    setup: (run) =>
      void run.subscribe(train.microbatch.post, ({ step, microbatch }) => {
        if (step !== 1 || microbatch !== 1) return
        run.stop('good enough')
        run.save('in between', { now: true })
      }),
  }
  const keeping: Hook = {
    name: 'keeping',
    setup: (run) =>
      void run.subscribe(train.checkpoint, async ({ capture, requests }) => {
        if (requests.length > 0) states.push(await capture())
      }),
  }
  const restoring: Hook = {
    name: 'restoring',
    setup: (run) => void run.subscribe(train.restore, ({ restore }) => restore(states[0] as RunState)),
  }
  const ends = []
  for (const hooks of [[asking, keeping], [restoring]]) {
    await using trainer = new Trainer({ ...small, hooks })
    const { outcome, reason, requestedBy, steps } = await trainer.train()
    ends.push({ outcome, reason, requestedBy, steps })
  }
  expect(states[0]?.partial?.microbatches).toBe(1)
  expect(ends[1]).toEqual(ends[0])
  expect(ends[0]).toEqual({ outcome: 'stopped', reason: 'good enough', requestedBy: 'asking', steps: 1 })
})
