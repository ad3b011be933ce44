import { type CheckpointContext, checkpoint, every, type Hook, type Run, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'

/** Two epochs of two steps; a step has two microbatches, the last of an epoch one. Everything is seeded by 0. */
export const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend(),
  data: line({ samples: 12 }),
  batchSize: 4,
  accumulate: 2,
  epochs: 2,
  learningRate: 0.05,
  log: every('2 steps'),
  evaluate: { data: line({ samples: 8, seed: 1 }) },
}

export async function trainWith(
  hooks: readonly Hook[],
  options: Partial<TrainerOptions> = {},
): Promise<RunSummary> {
  await using trainer = new Trainer({ ...small, ...options, hooks })
  return await trainer.train()
}

/** A hook that does something at an event. */
export function at<Context extends object>(
  event: Event<Context>,
  act: (context: Context, run: Run) => unknown,
): Hook {
  return {
    name: `at ${event.id}`,
    setup(run) {
      run.subscribe(event, (context) => act(context, run))
    },
  }
}

/** A checkpoint hook, in short: it says that each checkpoint is durable. */
export const committing: Hook = at(train.checkpoint, ({ step, distributed }: CheckpointContext, run) =>
  run.trigger(checkpoint.committed, { distributed, step, location: `checkpoints/${step}` }),
)

/** A promise, and what resolves it. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
