import { train } from '@hookstep/catalogue'
import type { Event, Hook } from '@hookstep/core'
import { background, type PolicyRun } from '@hookstep/core/policies'
import { OtherThread } from './other-thread.ts'

/** How many callbacks there are. */
export const callbackCount = 8

/** The events of a step of two microbatches, in their order. */
export const stepEvents: readonly Event<object>[] = [
  train.step.pre,
  ...[1, 2].flatMap(() => [train.batch.pre, train.batch.post]),
  train.forward_backward.pre,
  ...[1, 2].flatMap(() => [train.microbatch.pre, train.microbatch.post]),
  train.forward_backward.post,
  train.optimizer_step.pre,
  train.optimizer_step.post,
  train.log,
  train.step.post,
].map((event) => event as Event<object>)

/** The same, each once. */
export const kinds: readonly Event<object>[] = [...new Set(stepEvents)]

/** Hooks that call 8 callbacks at every event of a step. */
export interface Subject {
  readonly hooks: () => readonly Hook<PolicyRun>[]
  /** Whether the callbacks are called on this thread: then it is waited until they have been. */
  readonly isHere: boolean
}

/** What the callbacks on this thread have seen. */
export const seen = { calls: 0, steps: 0 }

/** A hook with one callback: next to nothing is done, and it is not the compiler's to leave out. */
function counting(name: string): Hook<PolicyRun> {
  return {
    name,
    setup(run) {
      for (const event of kinds) {
        run.subscribe(event, (context) => {
          seen.calls++
          seen.steps += (context as { readonly step: number }).step
        })
      }
    },
  }
}

const eight = (): Hook<PolicyRun>[] =>
  Array.from({ length: callbackCount }, (_, number) => counting(`callback-${number}`))

export const subjects = {
  'hookstep, background': { hooks: () => eight().map((hook) => background(hook)), isHere: true },
  'hookstep, within the run': { hooks: eight, isHere: true },
  'a queue onto another thread': { hooks: () => [otherThread()], isHere: false },
} satisfies Record<string, Subject>

export type SubjectName = keyof typeof subjects

function otherThread(): Hook<PolicyRun> {
  return {
    name: 'other-thread',
    setup(run) {
      const thread = new OtherThread(callbackCount)
      for (const event of kinds) {
        run.subscribe(event, (context) => thread.fire(event.id, context))
      }
      return () => thread.close()
    },
  }
}
