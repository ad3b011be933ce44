import type { Progress, RunState } from '@hookstep/catalogue'
import type { Session } from './backend.ts'
import type { Course } from './course.ts'
import type { Ledger } from './ledger.ts'
import type { ProcessGroup } from './process-group.ts'

/** The parts of a run whose state is saved. */
export interface StatefulParts {
  readonly seed: number
  readonly course: Course
  readonly session: Session
  readonly ledger: Ledger
}

/** Copies everything needed to go on from here; `reached` is what the parameters have reached. */
export async function captureState(
  { seed, course, session, ledger }: StatefulParts,
  reached: Progress,
): Promise<RunState> {
  // The time is that by which this step decided what was due: after a resume nothing is due twice or never.
  const { step, epochs, samples, seconds } = reached
  return {
    step,
    epochs,
    samples,
    seconds,
    seed,
    data: course.loader.position,
    session: await session.save(),
    requests: ledger.requests.undecided,
    hooks: await ledger.hookStates.save(),
    configuration: ledger.configuration,
  }
}

/**
 * Puts everything back where a saved run stood.
 *
 * @throws Error when the state does not fit; another can be restored then.
 */
export async function restoreState(
  { seed, course, session, ledger }: StatefulParts,
  state: RunState,
): Promise<void> {
  if (state.seed !== seed) {
    throw new RangeError(`the saved run has seed ${state.seed}, this one ${seed}: give it the same`)
  }
  if (!course.loader.resumesExactly) {
    ledger.warn('data is read again up to where the saved run stood: exact only if it gives the same batches')
  }
  await session.load(state.session)
  await course.loader.seek(state.data)
  const { step, epochs, samples, seconds } = state
  ledger.resetTo({ step, epochs, samples, seconds, totalSteps: course.totalSteps(step), last: false })
  for (const request of state.requests) ledger.requests.add(request)
  await ledger.hookStates.load(state.hooks, (message) => ledger.warn(message))
}

/** Ranks that went on from different steps would never meet again. */
export async function checkSameStep(group: ProcessGroup, step: number): Promise<void> {
  const [least, most] = [Float64Array.of(step), Float64Array.of(step)]
  await group.allReduce(least, 'min')
  await group.allReduce(most, 'max')
  if (least[0] === most[0]) return
  throw new Error(
    `ranks restored different steps, from ${least[0]} to ${most[0]}: restore the same step on each`,
  )
}
