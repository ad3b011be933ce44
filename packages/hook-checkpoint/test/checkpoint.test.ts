import { every, never, train } from '@hookstep/catalogue'
import { checkpoint, type Keep, loadCheckpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { faultyHook, hookContract, recordTrace } from '@hookstep/testing'
import { describe, expect, test, vi } from 'vitest'
import { listCheckpoints } from '../src/listing.ts'
import { at, atStep, counting, damage, failure, lastState, learnedBy, trainWith, watched } from './runs.ts'

describe('the contract of hooks', () => {
  const hook = () => checkpoint({ store: memoryStore(), when: every('2 steps', { last: true }) })
  for (const { name, run } of hookContract({ hook, resumes: true })) test(name, run)
})

describe('saving', () => {
  test('saves when it is due, when asked, and at the end, each step once', async () => {
    const store = memoryStore()
    const trace = recordTrace({ only: ['checkpoint', 'train.step.post', 'train.finished'], indent: false })
    const asking = atStep(3, (run) => run.save('to be sure'))
    const when = every('2 steps', { last: true })
    await trainWith([trace, checkpoint({ store, when, keep: { last: 9 } }), asking], { steps: 5 })
    const { manifests } = await listCheckpoints(store)
    expect(manifests.map(({ name, sequence, reasons }) => [name, sequence, ...reasons])).toEqual([
      ['step-00000005', 4, 'every 2 steps, at the end'],
      ['step-00000004', 3, 'every 2 steps, at the end'],
      ['step-00000003', 2, 'to be sure (step 3)'],
      ['step-00000002', 1, 'every 2 steps, at the end'],
    ])
    expect(trace.lines).toEqual([
      'train.step.post 1',
      'train.step.post 2',
      'checkpoint.pre 2',
      'train.step.post 3',
      'checkpoint.committed 2',
      'checkpoint.pre 3',
      'train.step.post 4',
      'checkpoint.committed 3',
      'checkpoint.pre 4',
      'train.step.post 5',
      'checkpoint.committed 4',
      'checkpoint.pre 5',
      'checkpoint.committed 5',
      'train.finished 5',
    ])
  })

  test('says so where no evaluation has the metric by which the best is kept', async () => {
    const keep: Keep = { best: { metric: 'f1', mode: 'max' } }
    const { warnings } = await trainWith([checkpoint({ store: memoryStore(), keep })])
    expect(warnings).toEqual([
      'checkpoint: keep.best: evaluations have no "f1", so none is kept for it; there are loss, absolute_error',
    ])
  })

  test('keeps the newest, the best of what was evaluated, and what is pinned', async () => {
    const store = memoryStore()
    const keep: Keep = { last: 1, best: { metric: 'loss', mode: 'max' }, pinned: every('6 steps') }
    await trainWith([checkpoint({ store, when: every('4 steps'), keep })])
    const { manifests } = await listCheckpoints(store)
    expect(manifests.map(({ step, pinned }) => ({ step, pinned }))).toEqual([
      { step: 16, pinned: false },
      { step: 12, pinned: true },
      { step: 8, pinned: false },
      { step: 6, pinned: true },
    ])
    const [, { metrics: after } = {}, { metrics: second } = {}, { metrics: first } = {}] = manifests
    expect(after).toEqual(second)
    expect([first, second]).toEqual([{}, { loss: expect.any(Number), absolute_error: expect.any(Number) }])
  })

  test('goes on beside the run; the next one waits, and so does the end', async () => {
    const log: string[] = []
    const [begun, written, opened] = [new Signal(), new Signal(), new Signal()]
    const store = watched(memoryStore(), async (name) => {
      await begun.given
      log.push(`${name} is written`)
      written.give()
      await opened.given
      log.push(`${name} is durable`)
    })
    const following = at(train.step.pre, async ({ step }) => {
      log.push(`step ${step}`)
      if (step === 3) begun.give()
      if (step === 3) await written.given
      if (step === 4) opened.give()
    })
    await trainWith([following, checkpoint({ store, when: every('2 steps') })], { steps: 4 })
    expect(log).toEqual([
      'step 1',
      'step 2',
      'step 3',
      'step-00000002 is written',
      'step 4',
      'step-00000002 is durable',
      'step-00000004 is written',
      'step-00000004 is durable',
    ])
  })

  test('ends the run at the next step where it failed; the checkpoint before stays', async () => {
    const failed = new Signal()
    const store = watched(memoryStore(), (name) => {
      if (name !== 'step-00000004') return
      failed.give()
      throw new Error('the disk is full')
    })
    const following = at(train.step.pre, async ({ step }) => {
      if (step !== 5) return
      await failed.given
      await new Promise(setImmediate)
    })
    const trace = recordTrace({ only: ['train.step.post', 'checkpoint.committed'], indent: false })
    const hook = checkpoint({ store, when: every('2 steps'), onFailure: false })
    expect(await failure(trainWith([trace, following, hook]))).toBe(
      'Hook "checkpoint" failed at train.checkpoint: a checkpoint could not be saved in memory: the disk is full; ' +
        'step-00000002 before it stays',
    )
    expect(trace.lines).toEqual([
      'train.step.post 1',
      'train.step.post 2',
      'train.step.post 3',
      'train.step.post 4',
      'checkpoint.committed 2',
      'train.step.post 5',
    ])
    expect(await store.list()).toEqual(['step-00000002'])
  })

  test('fails the run where the last one cannot be saved', async () => {
    const store = watched(memoryStore(), () => {
      throw new Error('the disk is full')
    })
    expect(await failure(trainWith([checkpoint({ store })], { epochs: 1 }))).toBe(
      'Hook "checkpoint" failed at train.checkpoint: a checkpoint could not be saved in memory: the disk is full; ' +
        'there is none before it',
    )
  })

  test('takes the store for as long as it runs', async () => {
    const store = memoryStore()
    const other = at(train.step.pre, async ({ step }) => {
      if (step === 1) expect(await failure(trainWith([checkpoint({ store })]))).toContain('another run')
    })
    await trainWith([checkpoint({ store }), other], { epochs: 1 })
    await (await store.acquire())()
  })
})

describe('resuming', () => {
  const when = every('3 steps', { last: true })

  test('goes on where the run was stopped, to the same bits', async () => {
    const [uninterrupted, resumed] = [lastState(), lastState()]
    await trainWith([counting(), uninterrupted])
    const store = memoryStore()
    for (const step of [3, 4, 11]) {
      await trainWith([counting(), checkpoint({ store, when }), atStep(step, (run) => run.stop('enough'))])
    }
    const summary = await trainWith([counting(), checkpoint({ store, when }), resumed])
    expect(summary).toMatchObject({ outcome: 'finished', steps: 16, warnings: [] })
    expect(learnedBy(resumed)).toEqual(learnedBy(uninterrupted))
  })

  test('goes on where a run failed', async () => {
    const [uninterrupted, resumed] = [lastState(), lastState()]
    await trainWith([counting(), uninterrupted])
    const store = memoryStore()
    const faulty = faultyHook({ at: train.optimizer_step.pre, delivery: 5, fault: 'throws' })
    const hooks = [counting(), checkpoint({ store, when: never })]
    expect(await failure(trainWith([...hooks, faulty]))).toContain('faulty on purpose')
    const [manifest] = (await listCheckpoints(store)).manifests
    expect(manifest).toMatchObject({ step: 4, reasons: ['failed at train.optimizer_step.pre'] })
    await trainWith([...hooks, resumed])
    expect(learnedBy(resumed)).toEqual(learnedBy(uninterrupted))
  })

  test('saves a run that failed, also where the checkpoint before could not be saved', async () => {
    const memory = memoryStore()
    let isFirst = true
    const store = watched(memory, () => {
      if (isFirst) {
        isFirst = false
        throw new Error('the disk is full')
      }
    })
    const faulty = faultyHook({ at: train.step.pre, delivery: 5, fault: 'throws' })
    const hook = checkpoint({ store, when: every('4 steps') })
    expect(await failure(trainWith([hook, faulty]))).toContain('faulty on purpose')
    expect((await listCheckpoints(memory)).manifests).toMatchObject([
      { step: 4, reasons: ['failed at train.step.pre'] },
    ])
  })

  test('saves no run that failed before it began', async () => {
    const store = memoryStore()
    const faulty = faultyHook({ at: train.restore, fault: 'throws' })
    await failure(trainWith([checkpoint({ store }), faulty]))
    expect(await store.list()).toEqual([])
  })

  test('is at its end where the run was', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store })])
    const trace = recordTrace({ only: ['train.step', 'checkpoint', 'train.finished'] })
    await trainWith([checkpoint({ store }), trace])
    expect(trace.lines).toEqual(['train.finished 16'])
  })

  test('goes on from the newest, from the one that is named, or begins afresh', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store, when: every('4 steps'), keep: { last: 9 } })])
    const first = async (resume: string): Promise<number | undefined> => {
      const began = { at: -1 }
      const looking = at(train.ready, ({ progress }) => {
        began.at = progress.step
      })
      await trainWith([checkpoint({ store, when: never, resume, onFailure: false }), looking])
      return began.at
    }
    expect([
      await first('auto'),
      await first('newest'),
      await first('step-00000008'),
      await first('never'),
    ]).toEqual([16, 16, 8, 0])
    expect(await failure(first('step-8'))).toBe(
      'Hook "checkpoint" failed at train.restore: memory has no checkpoint "step-8"; the names most like it are ' +
        'step-00000008, step-00000004, step-00000012',
    )
  })

  test('begins afresh where there is none, or says so', async () => {
    const store = memoryStore()
    expect(await failure(trainWith([checkpoint({ store, resume: 'newest' })]))).toContain(
      "resume is 'newest', but memory has no checkpoint: 'auto' begins afresh then",
    )
    expect(await trainWith([checkpoint({ store })], { epochs: 1 })).toMatchObject({ warnings: [] })
  })

  test('keeps both where a run goes another way from an older one', async () => {
    const store = memoryStore()
    const keep: Keep = { last: 9 }
    await trainWith([checkpoint({ store, when: every('8 steps'), keep })])
    await trainWith([checkpoint({ store, when: every('8 steps'), keep, resume: 'step-00000008' })])
    const { manifests } = await listCheckpoints(store)
    expect(manifests.map(({ name }) => name)).toEqual(['step-00000016-2', 'step-00000016', 'step-00000008'])
  })

  test('goes on from the one that is named at each start: it stays', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store, when: every('4 steps') })])
    for (const start of ['first', 'second']) {
      const named = checkpoint({ store, when: every('2 steps'), keep: { last: 1 }, resume: 'step-00000008' })
      expect(await trainWith([named]), start).toMatchObject({ outcome: 'finished', steps: 16 })
    }
    expect((await listCheckpoints(store)).manifests).toMatchObject([{ step: 16 }, { step: 8 }])
  })

  test('with two places goes on from the one that is further, whichever hook comes first', async () => {
    for (const rare of [0, 1]) {
      const stores = [memoryStore(), memoryStore()]
      const hooks = () =>
        stores.map((store, number) => {
          const when = number === rare ? every('6 steps') : every('2 steps')
          return checkpoint({ store, when, name: `checkpoint ${number}`, onFailure: false })
        })
      const failing = atStep(12, () => {
        throw new Error('the power is gone')
      })
      await failure(trainWith([...hooks(), failing]))
      const [uninterrupted, resumed] = [lastState(), lastState()]
      const trace = recordTrace({ only: ['train.ready'] })
      await trainWith([counting(), uninterrupted])
      await trainWith([...hooks(), trace, resumed])
      expect(trace.lines).toEqual(['train.ready 10'])
      expect(resumed.state?.session).toEqual(uninterrupted.state?.session)
    }
  })

  test('tells which it refuses and why, and goes on from the newest that is valid', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store, when: every('4 steps') })])
    await damage(store, 'step-00000016')
    const trace = recordTrace({ only: ['checkpoint.rejected', 'train.ready'] })
    const { warnings } = await trainWith([trace, checkpoint({ store, when: never })])
    const reason = expect.stringMatching(/parameters.safetensors is damaged/)
    expect(trace.lines).toEqual([expect.stringContaining('checkpoint.rejected'), 'train.ready 12'])
    expect(warnings).toEqual([expect.stringContaining('memory/step-00000016 is refused')])
    expect(warnings).toEqual([reason])
  })

  test('does not begin afresh where there are some and none is valid', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store })], { epochs: 1 })
    await damage(store, 'step-00000008')
    expect(await failure(trainWith([checkpoint({ store })]))).toBe(
      'Hook "checkpoint" failed at train.restore: none of the 1 checkpoints in memory can be used; warnings say why. ' +
        "Name another place, or begin afresh with resume: 'never'",
    )
  })

  test('says that a checkpoint does not fit, and leaves it there', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store })], { epochs: 1 })
    expect(await failure(trainWith([checkpoint({ store })], { seed: 7 }))).toMatch(
      /^Hook "checkpoint" failed at train.restore: memory\/step-00000008 does not fit this run: .*seed.*resume: 'never'$/,
    )
    expect(await store.list()).toEqual(['step-00000008'])
  })
})

/** Something that one waits for and another gives. */
class Signal {
  give: () => void = () => {}
  readonly given = new Promise<void>((resolve) => {
    this.give = resolve
  })
}

describe('a state that is loaded', () => {
  test('is the newest that is whole, and what was passed over is told', async () => {
    const store = memoryStore()
    await trainWith([checkpoint({ store })])
    await damage(store, 'step-00000016')
    const told = vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect((await loadCheckpoint(store)).step).toBe(8)
    expect(told.mock.calls).toEqual([[expect.stringMatching(/step-00000016.*; an older one is taken$/)]])
    told.mockRestore()
  })
})
