import { checkpoint, type Hook, type RunState, train } from '@hookstep/catalogue'
import { at } from './runs.ts'

/** Takes a checkpoint after a step, as a hook for checkpoints does. */
export function saving(after: number, states: RunState[]): Hook {
  return at(
    train.checkpoint,
    async (context, run) => {
      if (context.step !== after) return
      await run.trigger(checkpoint.pre, context)
      states.push(structuredClone(await context.capture()))
    },
    'saving',
  )
}

export function resuming(state: RunState | undefined): Hook {
  return at(train.restore, (context) => context.restore(state as RunState), 'resuming')
}

export function stoppingAfter(step: number): Hook {
  return at(train.step.post, (context, run) => context.step === step && run.stop('enough seen'), 'critic')
}
