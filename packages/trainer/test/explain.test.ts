import { every, type Hook, train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { line, plainBackend, recordTrace } from '@hookstep/testing'
import { type Backend, cosine, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const small: TrainerOptions = { backend: plainBackend(), data: line({ samples: 8 }), batchSize: 4, epochs: 1 }

/** A hook that does nothing at some events. */
function follower(name: string, ...events: readonly Parameters<EventBus['subscribe']>[0][]): Hook {
  return {
    name,
    setup(run) {
      for (const event of events) run.subscribe(event, () => {})
    },
  }
}

/** A backend whose task follows the run. */
const followed: Backend = {
  ...plainBackend(),
  registerEvents: (run) => void run.subscribe(train.ready, () => {}),
}

describe('explain() tells a run before it begins', () => {
  test('every option as it was resolved, hooks, and handlers in the order of the run and of their delivery', async () => {
    const bus = new EventBus()
    bus.subscribe(train.step.post, () => {})
    await using trainer = new Trainer({
      ...small,
      backend: followed,
      bus,
      learningRate: cosine({ from: 0.1 }),
      evaluate: { data: line({ samples: 4 }), when: every('1 epoch') },
      hooks: [
        follower('first', train.closed, train.step.post, train.ready),
        follower('second', train.step.pre, train.step.post, train.step.post, train.closed),
      ],
    })
    expect(await trainer.explain()).toMatchInlineSnapshot(`
      "Options
        backend: "plain"
        epochs: 1
        accumulate: 1
        log: {"kind":"any","triggers":[{"kind":"every","period":10,"unit":"steps"},{"kind":"end"}]}
        nonFiniteLoss: "stop"
        seed: 0
        batchSize: 4
        shuffle: true
        lastBatch: "keep"
        prefetch: 1
        learningRate: "schedule"
        evaluate: {"when":{"kind":"every","period":1,"unit":"epochs"},"batchSize":4}
        hooks: ["first","second"]
        worldSize: 1
      Hooks: task, first, second
      Handlers, in the order of a run
        train.ready: task, first
        train.step.pre: second
        train.step.post: (bus), first, second, second
        train.closed: second, first"
    `)
  })

  test('options that were not given have their defaults, or are left out', async () => {
    await using trainer = new Trainer({ backend: plainBackend(), data: line(), steps: 5 })
    expect(await trainer.explain()).toMatchInlineSnapshot(`
      "Options
        backend: "plain"
        steps: 5
        accumulate: 1
        log: {"kind":"any","triggers":[{"kind":"every","period":10,"unit":"steps"},{"kind":"end"}]}
        nonFiniteLoss: "stop"
        seed: 0
        batchSize: 32
        shuffle: true
        lastBatch: "keep"
        prefetch: 1
        learningRate: 0.001
        hooks: []
        worldSize: 1
      Hooks: none
      Handlers, in the order of a run"
    `)
  })
})

describe('explain() sets the hooks up', () => {
  /** Tells when it is set up and cleaned up, and when the run ends. */
  function telling(log: string[]): Hook {
    return {
      name: 'telling',
      setup(run) {
        log.push('set up')
        run.subscribe(train.closed, () => void log.push('closed'))
        return () => void log.push('cleaned up')
      },
    }
  }

  test('once: however often it is asked, and for the run that follows', async () => {
    const log: string[] = []
    await using trainer = new Trainer({ ...small, hooks: [telling(log)] })
    const told = await trainer.explain()
    expect(await trainer.explain()).toBe(told)
    await trainer.train()
    expect(log).toEqual(['set up', 'closed', 'cleaned up'])
  })

  test('those of a run that never comes are cleaned up when the trainer closes', async () => {
    const log: string[] = []
    const trainer = new Trainer({ ...small, hooks: [telling(log)] })
    await trainer.explain()
    await trainer.close()
    expect(log).toEqual(['set up', 'cleaned up'])
  })

  test('it changes nothing in the run', async () => {
    const lines = async (explained: boolean) => {
      const trace = recordTrace()
      await using trainer = new Trainer({ ...small, hooks: [trace] })
      if (explained) await trainer.explain()
      await trainer.train()
      return trace.lines
    }
    expect(await lines(true)).toEqual(await lines(false))
  })

  test('a hook that cannot be set up is named', async () => {
    const broken: Hook = {
      name: 'broken',
      setup() {
        throw new Error('no such folder')
      },
    }
    await using trainer = new Trainer({ ...small, hooks: [broken] })
    await expect(trainer.explain()).rejects.toThrow('Hook "broken" failed at setup: no such folder')
  })
})

test('the events are told in the order in which a run has them', async () => {
  const trace = recordTrace({ indent: false })
  // One step, at which everything is due.
  const oneStep = { ...small, batchSize: 8, evaluate: { data: line({ samples: 4 }) } }
  await using trainer = new Trainer({ ...oneStep, hooks: [trace] })
  const told = [...(await trainer.explain()).matchAll(/^ {2}([a-z_.]+): trace$/gm)].map(([, id]) => id)
  await trainer.train()
  const came = trace.lines.map((line) => line.split(' ')[0])
  expect(came).toHaveLength(27)
  expect(told.filter((id) => came.includes(id))).toEqual(came)
})
