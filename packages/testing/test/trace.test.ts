import { type Hook, train } from '@hookstep/catalogue'
import { defineEvent } from '@hookstep/core'
import { Trainer } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { faultyHook, line, plainBackend, recordTrace, type Trace } from '../src/index.ts'

const options = { backend: plainBackend(), data: line({ samples: 8 }), batchSize: 4, accumulate: 2 }

async function run(trace: Trace, ...hooks: Hook[]): Promise<string> {
  await new Trainer({ ...options, steps: 2, hooks: [trace, ...hooks] }).train().catch(() => {})
  return String(trace)
}

describe('a trace', () => {
  test('has every event of a run in order, indented by phase', async () => {
    expect(await run(recordTrace())).toMatchInlineSnapshot(`
      "train.configuration.start
      train.configuration.data_loader
      train.configuration.model_stages
      train.configuration.optimizer
      train.configuration.lr_scheduler
      train.restore
      train.ready 0
      train.epoch.pre 1
        train.step.pre 1
          train.batch.pre 1 microbatch 1
          train.batch.post 1 microbatch 1
          train.batch.pre 1 microbatch 2
          train.batch.post 1 microbatch 2
          train.forward_backward.pre 1
            train.microbatch.pre 1 microbatch 1
            train.microbatch.post 1 microbatch 1
            train.microbatch.pre 1 microbatch 2
            train.microbatch.post 1 microbatch 2
          train.forward_backward.post 1
          train.optimizer_step.pre 1
          train.optimizer_step.post 1
        train.step.post 1
        train.checkpoint 1
      train.epoch.post 1
      train.epoch.pre 2
        train.step.pre 2
          train.batch.pre 2 microbatch 1
          train.batch.post 2 microbatch 1
          train.batch.pre 2 microbatch 2
          train.batch.post 2 microbatch 2
          train.forward_backward.pre 2
            train.microbatch.pre 2 microbatch 1
            train.microbatch.post 2 microbatch 1
            train.microbatch.pre 2 microbatch 2
            train.microbatch.post 2 microbatch 2
          train.forward_backward.post 2
          train.optimizer_step.pre 2
          train.optimizer_step.post 2
          train.log 2 { loss, absolute_error, learning_rate }
        train.step.post 2
        train.checkpoint 2
      train.epoch.post 2
      train.finished 2
      train.closed 2 finished"
    `)
  })

  test('is limited to chosen events', async () => {
    expect(
      await run(recordTrace({ only: ['train.step', 'train.closed'], indent: false })),
    ).toMatchInlineSnapshot(`
      "train.step.pre 1
      train.step.post 1
      train.step.pre 2
      train.step.post 2
      train.closed 2 finished"
    `)
  })

  test('says why a run ended', async () => {
    const only = ['train.stopped', 'train.failed', 'train.closed']
    const stopping: Hook = { name: 'stopping', setup: (run) => run.stop('enough') }
    const failing = faultyHook({ at: train.step.pre, fault: 'throws', delivery: 2 })
    expect([
      await run(recordTrace({ only }), stopping),
      await run(recordTrace({ only }), failing),
    ]).toMatchInlineSnapshot(`
      [
        "train.stopped 0 "enough" requested by stopping
      train.closed 0 stopped",
        "train.failed 1 "Hook \\"faulty\\" failed at train.step.pre: faulty on purpose" at train.step.pre
      train.closed 1 failed",
      ]
    `)
  })

  test('takes events of others', async () => {
    const paused = defineEvent<{ step: number }>('pausing.paused')
    const pausing: Hook = {
      name: 'pausing',
      setup: (run) => void run.subscribe(train.ready, () => run.trigger(paused, { step: 7 })),
    }
    expect(await run(recordTrace({ only: ['train.ready'], also: [paused] }), pausing)).toBe(
      'train.ready 0\npausing.paused 7',
    )
  })

  test('refuses a name that the catalogue does not have', () => {
    expect(() => recordTrace({ only: ['train.stpe'] })).toThrow(
      'recordTrace: the catalogue has no event "train.stpe"; put your own events into `also`',
    )
  })
})
