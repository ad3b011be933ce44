import { evaluate, every, type Hook, type Run, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'
import { vi } from 'vitest'

/** 64 samples in steps of 8, two epochs; a log every 4 steps. */
export const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend(),
  data: line({ samples: 64 }),
  batchSize: 8,
  epochs: 2,
  learningRate: 0.05,
  log: every('4 steps'),
}

/** The same with an evaluation of two batches after each epoch. */
export const evaluated: Omit<TrainerOptions, 'hooks'> = {
  ...small,
  evaluate: { data: line({ samples: 16, seed: 1 }) },
}

export async function trainWith(
  hooks: readonly Hook[],
  options: Omit<TrainerOptions, 'hooks'> = evaluated,
): Promise<RunSummary> {
  await using trainer = new Trainer({ ...options, hooks })
  return await trainer.train()
}

/** A hook that does something at an event. */
export function at<Context extends object>(
  event: Event<Context>,
  act: (context: Context, run: Run) => unknown,
  name: string = `at ${event.id}`,
): Hook {
  return {
    name,
    setup(run) {
      run.subscribe(event, (context) => act(context, run))
    },
  }
}

/** Holds the clock that paces and drawings are timed by. */
export function holdClock(): void {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
}

/** A second for the first step and a tenth for each other, 2 seconds for a batch of an evaluation. */
export function takingTime(): Hook[] {
  return [
    at(train.step.pre, ({ step }) => vi.advanceTimersByTime(step === 1 ? 1000 : 100), 'steps take time'),
    at(evaluate.step.pre, () => vi.advanceTimersByTime(2000), 'evaluations take time'),
  ]
}
