import { type Hook, train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { catalogueEvents } from '../catalogue-events.ts'
import { ensure, ensureEqual, messageOf } from '../ensure.ts'
import { type FaultOptions, faultyHook } from '../faults.ts'
import { platform } from '../platform.ts'
import type { Promises } from './following.ts'
import { leftovers } from './leftovers.ts'
import { observe } from './observed.ts'
import { type HookSubject, rehearse, usual } from './rehearsal.ts'

/** What a hook leaves behind, however its run ends. */
export const ending: Promises = {
  'leaves nothing behind when the run finishes': (subject) => leavesNothing(subject, () => []),

  'leaves nothing behind when the run is stopped': (subject) =>
    leavesNothing(subject, () => [atStep3((run) => run.stop('enough'))]),

  'leaves nothing behind when the run is aborted': (subject) =>
    leavesNothing(subject, (abort) => [atStep3(abort)]),

  'leaves nothing behind when the run fails': (subject) =>
    leavesNothing(subject, () => [failing(train.step.post, 3)]),

  'leaves nothing behind when the run fails before its first step': (subject) =>
    leavesNothing(subject, () => [failing(train.configuration.start)]),

  'leaves nothing behind when another hook cannot be set up': (subject) =>
    leavesNothing(subject, () => [failing('setup')]),
}

const failure = new Error('failed on purpose')

function failing<Context extends object>(at: FaultOptions<Context>['at'], delivery: number = 1): Hook {
  return faultyHook({ at, delivery, fault: 'throws', error: failure, name: 'contract/failing' })
}

function atStep3(act: (run: Parameters<Hook['setup']>[0]) => void): Hook {
  return {
    name: 'contract/acting',
    setup(run) {
      run.subscribe(train.step.pre, () => act(run), { when: ({ step }) => step === 3, once: true })
    },
  }
}

/** `others` makes the hooks that end the run, given what aborts it. */
async function leavesNothing(
  { hook }: HookSubject,
  others: (abort: () => void) => readonly Hook[],
): Promise<void> {
  const observed = observe(await hook())
  const bus = new EventBus()
  const controller = new platform.AbortController()
  const hooks = [observed.hook, ...others(() => controller.abort())]
  const left = await leftovers(async () => {
    try {
      await rehearse(hooks, { ...usual, bus, signal: controller.signal })
    } catch (error) {
      if (!isThat(failure, error)) throw error
    }
  })
  ensureEqual(left, [], 'left behind')
  ensureEqual(subscribedEvents(bus), [], 'events it is still subscribed to')
  const [cleanupError] = observed.cleanupErrors
  ensure(observed.cleanupErrors.length === 0, `its cleanup failed: ${messageOf(cleanupError)}`)
}

/** The error itself, or one that was caused by it. */
function isThat(expected: unknown, error: unknown): boolean {
  if (error === undefined || error === expected) return error === expected
  return isThat(expected, (error as { cause?: unknown }).cause)
}

function subscribedEvents(bus: EventBus): string[] {
  return [...catalogueEvents().values()].filter((event) => bus.hasSubscribers(event)).map(({ id }) => id)
}
