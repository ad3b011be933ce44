import {
  type CheckpointContext,
  checkpoint,
  evaluate,
  every,
  type Hook,
  type Run,
  train,
} from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { faultyHook, line, plainBackend, recordTrace } from '@hookstep/testing'
import { Trainer, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

/** Eight samples: an epoch is two steps of two microbatches of two. */
const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend(),
  data: line({ samples: 8 }),
  batchSize: 2,
  accumulate: 2,
  epochs: 1,
  learningRate: 0.1,
  log: every('1 step'),
}

/** Trains, and tells what happened, the error included. */
async function traceOf(options: Partial<TrainerOptions>, only?: readonly string[]): Promise<string> {
  const trace = recordTrace(only === undefined ? {} : { only })
  await using trainer = new Trainer({ ...small, ...options, hooks: [trace, ...(options.hooks ?? [])] })
  const error = await trainer.train().then(
    () => undefined,
    (failure: Error) => failure,
  )
  return [trace.toString(), ...(error === undefined ? [] : [`train() rejects: ${error.message}`])].join('\n')
}

/** A hook that does something at one event. */
function at(event: Event<object>, act: (run: Run) => unknown, delivery = 1): Hook {
  return {
    name: 'actor',
    setup(run) {
      let deliveries = 0
      run.subscribe(event, () => (++deliveries === delivery ? act(run) : undefined))
    },
  }
}

test('a whole run: accumulation, logging, evaluation, two epochs', async () => {
  const evaluation = { data: line({ samples: 4 }) }
  expect(await traceOf({ epochs: 2, evaluate: evaluation })).toMatchSnapshot()
})

describe('requests', () => {
  const mainEvents = [
    'train.step',
    'train.log',
    'evaluate.post',
    'train.checkpoint',
    'train.finished',
    'train.stopped',
    'train.closed',
  ]

  test('a stop lets happen what is due at its step, and ends the run before the epoch is over', async () => {
    const evaluation = { data: line({ samples: 2 }) }
    const hooks = [at(train.microbatch.pre, (run) => run.stop('seen enough'))]
    expect(
      await traceOf({ evaluate: evaluation, hooks, log: every('9 steps', { last: true }) }, mainEvents),
    ).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.log 1 { loss, learning_rate }
        evaluate.post 1 { loss, absolute_error }
      train.step.post 1
      train.checkpoint 1
      train.stopped 1 "seen enough" requested by actor
      train.closed 1 stopped"
    `)
  })

  test('a stop at the very end of a step still brings what is due at the end of the run', async () => {
    const evaluation = { data: line({ samples: 2 }) }
    const hooks = [at(train.checkpoint, (run) => run.stop('seen enough'))]
    expect(
      await traceOf({ evaluate: evaluation, hooks, log: every('9 steps', { last: true }) }, mainEvents),
    ).toMatchInlineSnapshot(`
      "train.step.pre 1
      train.step.post 1
      train.checkpoint 1
      train.log 1 { loss, learning_rate }
      evaluate.post 1 { loss, absolute_error }
      train.checkpoint 1
      train.stopped 1 "seen enough" requested by actor
      train.closed 1 stopped"
    `)
  })

  test('a stop before the first step is honoured', async () => {
    const hooks = [at(train.configuration.start, (run) => run.stop('nothing to do'))]
    expect(await traceOf({ hooks }, mainEvents)).toMatchInlineSnapshot(`
      "train.stopped 0 "nothing to do" requested by actor
      train.closed 0 stopped"
    `)
  })

  test('evaluations and logs come when they are asked for', async () => {
    const evaluation = { data: line({ samples: 2 }), when: every('9 steps') }
    const hooks = [
      at(train.step.pre, (run) => {
        run.evaluate('curious')
        run.log()
      }),
    ]
    expect(
      await traceOf({ evaluate: evaluation, hooks, log: every('9 steps') }, mainEvents),
    ).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.log 1 { loss, absolute_error, learning_rate }
        evaluate.post 1 { loss, absolute_error }
      train.step.post 1
      train.checkpoint 1
      train.step.pre 2
      train.step.post 2
      train.checkpoint 2
      train.finished 2
      train.closed 2 finished"
    `)
  })

  test('a skipped step has no optimizer step', async () => {
    const hooks = [at(train.forward_backward.post, (run) => run.skipStep('odd batch'))]
    expect(
      await traceOf({ hooks }, ['train.step', 'train.forward_backward', 'train.optimizer_step']),
    ).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.forward_backward.pre 1
        train.forward_backward.post 1
      train.step.post 1
      train.step.pre 2
        train.forward_backward.pre 2
        train.forward_backward.post 2
        train.optimizer_step.pre 2
        train.optimizer_step.post 2
      train.step.post 2"
    `)
  })

  test('a step can be skipped when its final gradients are seen', async () => {
    const hooks = [at(train.optimizer_step.pre, (run) => run.skipStep('odd gradients'))]
    expect(await traceOf({ hooks }, ['train.step', 'train.optimizer_step'])).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.optimizer_step.pre 1
      train.step.post 1
      train.step.pre 2
        train.optimizer_step.pre 2
        train.optimizer_step.post 2
      train.step.post 2"
    `)
  })
})

describe('an aborted run ends at once', () => {
  const events = [
    'train.step',
    'train.microbatch',
    'train.optimizer_step',
    'evaluate',
    'train.stopped',
    'train.closed',
  ]

  /** Aborts by signal at an event. */
  async function abortedAt(event: Event<object>, delivery = 1): Promise<string> {
    const controller = new AbortController()
    const hooks = [at(event, () => controller.abort(new Error('SIGTERM')), delivery)]
    const evaluation = { data: line({ samples: 4 }) }
    return traceOf({ hooks, evaluate: evaluation, signal: controller.signal }, events)
  }

  test('within a microbatch', async () => {
    expect(await abortedAt(train.microbatch.post)).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.microbatch.pre 1 microbatch 1
        train.microbatch.post 1 microbatch 1
      train.stopped 0 "SIGTERM" requested by signal, aborted
      train.closed 0 stopped"
    `)
  })

  test('while it evaluates', async () => {
    expect(await abortedAt(evaluate.step.post)).toMatchInlineSnapshot(`
      "train.step.pre 1
        train.microbatch.pre 1 microbatch 1
        train.microbatch.post 1 microbatch 1
        train.microbatch.pre 1 microbatch 2
        train.microbatch.post 1 microbatch 2
        train.optimizer_step.pre 1
        train.optimizer_step.post 1
      train.step.post 1
      train.step.pre 2
        train.microbatch.pre 2 microbatch 1
        train.microbatch.post 2 microbatch 1
        train.microbatch.pre 2 microbatch 2
        train.microbatch.post 2 microbatch 2
        train.optimizer_step.pre 2
        train.optimizer_step.post 2
        evaluate.pre 2
          evaluate.step.pre 2 batch 1
          evaluate.step.post 2 batch 1
      train.stopped 2 "SIGTERM" requested by signal, aborted
      train.closed 2 stopped"
    `)
  })

  test('before the first step', async () => {
    expect(await abortedAt(train.restore)).toMatchInlineSnapshot(`
      "train.stopped 0 "SIGTERM" requested by signal, aborted
      train.closed 0 stopped"
    `)
  })
})

test('late numbers come a fixed number of steps after their own, and before evaluation, checkpoint and end', async () => {
  const backend = plainBackend({ readbackLag: 2 })
  const saving: Hook = {
    name: 'saving',
    setup(run) {
      run.subscribe(
        train.checkpoint,
        async (context: CheckpointContext) => {
          await run.trigger(checkpoint.pre, context)
          await context.capture()
        },
        { when: every('5 steps') },
      )
    },
  }
  const evaluation = { data: line({ samples: 2 }), when: every('8 steps') }
  const trace = await traceOf({ backend, evaluate: evaluation, epochs: 5, hooks: [saving] }, [
    'train.step.pre',
    'train.log',
    'evaluate.pre',
    'checkpoint.pre',
    'train.finished',
  ])
  expect(trace).toMatchInlineSnapshot(`
    "train.step.pre 1
    train.step.pre 2
    train.step.pre 3
    train.log 1 { loss, absolute_error, learning_rate }
    train.step.pre 4
    train.log 2 { loss, absolute_error, learning_rate }
    train.step.pre 5
    train.log 3 { loss, absolute_error, learning_rate }
    checkpoint.pre 5
    train.log 4 { loss, absolute_error, learning_rate }
    train.log 5 { loss, absolute_error, learning_rate }
    train.step.pre 6
    train.step.pre 7
    train.step.pre 8
    train.log 6 { loss, absolute_error, learning_rate }
    train.log 7 { loss, absolute_error, learning_rate }
    train.log 8 { loss, absolute_error, learning_rate }
    evaluate.pre 8
    train.step.pre 9
    train.step.pre 10
    checkpoint.pre 10
    train.log 9 { loss, absolute_error, learning_rate }
    train.log 10 { loss, absolute_error, learning_rate }
    train.finished 10"
  `)
})

describe('a failure, in each place, is told with its place; the run closes and train() rejects', () => {
  const places: readonly Event<object>[] = [
    train.configuration.start,
    train.configuration.model_stages,
    train.restore,
    train.ready,
    train.epoch.pre,
    train.step.pre,
    train.batch.post,
    train.forward_backward.pre,
    train.microbatch.post,
    train.optimizer_step.pre,
    train.optimizer_step.post,
    train.log,
    train.step.post,
    train.checkpoint,
    train.epoch.post,
    train.finished,
  ]
  const ends = ['train.finished', 'train.stopped', 'train.failed', 'train.closed']

  for (const place of places) {
    test(place.id, async () => {
      const hooks = [faultyHook({ at: place, fault: place === train.log ? 'rejects' : 'throws' })]
      const trace = await traceOf({ hooks }, ends)
      const step = /train.failed (\d)/.exec(trace)?.[1]
      const told = `"Hook \\"faulty\\" failed at ${place.id}: faulty on purpose" at ${place.id}`
      expect(trace.split('\n')).toEqual([
        ...(place === train.finished ? ['train.finished 2'] : []),
        `train.failed ${step} ${told}`,
        `train.closed ${step} failed`,
        `train() rejects: Hook "faulty" failed at ${place.id}: faulty on purpose`,
      ])
    })
  }

  test('the data', async () => {
    const data = { length: 8, batch: () => Promise.reject(new Error('disk gone')) }
    expect(await traceOf({ data }, ends)).toMatchInlineSnapshot(`
      "train.failed 0 "disk gone" at train.batch.pre
      train.closed 0 failed
      train() rejects: disk gone"
    `)
  })

  test('the handlers of train.failed and train.closed, and cleanups, do not hide the first failure', async () => {
    const hooks = [
      faultyHook({ at: train.step.pre, fault: 'throws', error: new Error('first'), name: 'first' }),
      faultyHook({ at: train.failed, fault: 'throws', error: new Error('second'), name: 'second' }),
      faultyHook({ at: train.closed, fault: 'throws', error: new Error('third'), name: 'third' }),
      faultyHook({ at: 'cleanup', fault: 'throws', error: new Error('fourth'), name: 'fourth' }),
    ]
    expect(await traceOf({ hooks }, ends)).toMatchInlineSnapshot(`
      "train.failed 0 "Hook \\"first\\" failed at train.step.pre: first" at train.step.pre
      train.closed 0 failed
      train() rejects: Hook "first" failed at train.step.pre: first"
    `)
  })
})
