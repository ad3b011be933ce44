import { checkpoint, every, type Hook, inference, metrics, type Run, train } from '@hookstep/catalogue'
import type { Event, EventBus } from '@hookstep/core'
import { isolated } from '@hookstep/core/policies'
import { faultyHook, line, plainBackend } from '@hookstep/testing'
import {
  Inference,
  type InferenceSummary,
  type ProcessGroup,
  type RunSummary,
  Trainer,
  type TrainerOptions,
} from '@hookstep/trainer'

export type Summary = RunSummary | InferenceSummary

/** What a run is to be made with. */
export interface Cast {
  readonly hooks: readonly Hook[]
  readonly bus: EventBus
  readonly group?: ProcessGroup | undefined
}

/** A short run of one kind, and hooks that make it one. */
export interface Scenario {
  readonly name: string
  readonly companions: () => readonly Hook[]
  readonly run: (cast: Cast) => Promise<Summary>
}

/** Two steps, an epoch each, everything logged, an evaluation. */
const options: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 2, 1] }),
  data: line({ samples: 8, inputs: 2 }),
  batchSize: 8,
  steps: 2,
  learningRate: 0.05,
  maxGradientNorm: 1,
  log: every('1 step'),
  evaluate: { data: line({ samples: 2, inputs: 2, seed: 1 }), when: every('2 steps', { last: true }) },
}

async function training({ hooks, bus, group }: Cast): Promise<Summary> {
  await using trainer = new Trainer({ ...options, hooks, bus, ...(group && { distributed: group }) })
  return await trainer.train()
}

async function inferring({ hooks, bus, group }: Cast): Promise<Summary> {
  const { backend, data } = options
  await using inference = new Inference({
    backend,
    data,
    from: 'task',
    batchSize: 2,
    hooks,
    bus,
    ...(group && { distributed: group }),
  })
  return await inference.run()
}

/** Tells what only hooks tell, all of it in one run. */
const telling = (): Hook => ({
  name: 'telling',
  setup(run) {
    const { distributed } = run
    run.subscribe(train.restore, async () => {
      await store()
      await run.trigger(checkpoint.rejected, { distributed, location: 'nowhere', reason: 'damaged' })
    })
    run.subscribe(train.checkpoint, async ({ step, progress, requests }) => {
      const place = { distributed, step, progress }
      await store()
      await run.trigger(checkpoint.pre, { distributed, step, requests })
      await run.trigger(checkpoint.committed, { distributed, step, location: `memory/${step}` })
      await run.trigger(metrics.measured, { ...place, source: 'telling', values: { one: 1 } })
      await run.trigger(metrics.media, { ...place, name: 'note', media: { kind: 'text', text: 'one' } })
    })
  },
})

/** Whatever it does, it has to wait for it. */
const store = (): Promise<void> => Promise.resolve()

function at<Context extends object>(event: Event<Context>, act: (run: Run) => unknown): Hook {
  return {
    name: `at ${event.id}`,
    setup: (run) => void run.subscribe(event, () => act(run), { once: true }),
  }
}

const stopping = <Context extends object>(event: Event<Context>): Hook =>
  at(event, (run) => run.stop('seen enough'))

const failing = <Context extends object>(event: Event<Context>): Hook =>
  faultyHook({
    name: 'failing',
    at: event,
    fault: 'throws',
    delivery: 2,
    error: new Error('the second step'),
  })

/** Fails, is passed over and keeps the run waiting: hooks are told of all three. */
const stumbling = (): readonly Hook[] => [
  isolated(faultyHook({ name: 'stumbling', at: train.step.pre, fault: 'throws' }), { disableAfter: 1 }),
  faultyHook({ name: 'sleepy', at: train.epoch.pre, fault: 'slow', slowMs: 1500 }),
]

export const scenarios: readonly Scenario[] = [
  { name: 'a training that finishes', companions: () => [telling()], run: training },
  {
    name: 'a training that is stopped',
    companions: () => [telling(), stopping(train.step.post)],
    run: training,
  },
  { name: 'a training that fails', companions: () => [telling(), failing(train.step.post)], run: training },
  { name: 'a training with incidents', companions: stumbling, run: training },
  { name: 'an inference that finishes', companions: () => [], run: inferring },
  {
    name: 'an inference that is stopped',
    companions: () => [stopping(inference.step.post)],
    run: inferring,
  },
  { name: 'an inference that fails', companions: () => [failing(inference.step.post)], run: inferring },
]

/** Events that tell of what befell hooks. */
export function isOfIncidents(id: string): boolean {
  return id.startsWith('hook.')
}

/** Events that are not told by the run itself. */
export function isToldByHooks(id: string): boolean {
  return /^(hook|checkpoint|metrics)\./.test(id)
}
