import type { DataState, PartialStep, Progress, RunState } from '@hookstep/catalogue'
import type { Session } from './backend.ts'
import type { Course } from './course.ts'
import type { DataLoader, Fetched } from './data-loader.ts'
import type { Ledger } from './ledger.ts'
import type { ProcessGroup } from './process-group.ts'
import { compareConfigurations } from './saved-configuration.ts'
import type { InterruptedStep } from './step.ts'
import { meetingOf, placeOf } from './step-cursor.ts'

/** The parts of a run whose state is saved. */
export interface StatefulParts {
  readonly seed: number
  readonly course: Course
  readonly session: Session
  readonly ledger: Ledger
}

/** Where a run stands when its state is captured. */
export interface Place {
  /** The progress of the last step that is complete. */
  readonly complete: Progress
  /** The part of the next one that is done. */
  readonly partial: PartialStep | undefined
  /** Where the data order stands behind what was fetched. */
  readonly data: DataState
}

/** Copies everything needed to go on. */
export async function captureState(
  { seed, session, ledger }: Omit<StatefulParts, 'course'>,
  { complete, partial, data }: Place,
): Promise<RunState> {
  // The time is that by which this step decided what was due: after a resume nothing is due twice or never.
  const { step, epochs, samples, seconds } = complete
  return {
    step,
    epochs,
    samples,
    seconds,
    seed,
    data,
    session: await session.save(),
    requests: ledger.requests.undecided(partial !== undefined),
    ...(partial && { partial }),
    hooks: await ledger.hookStates.save(),
    configuration: ledger.configuration,
  }
}

/** A run that has been put where a saved one stood, but for its hooks. */
export interface Restored {
  /** The step that was under way, if one was. */
  readonly interrupted: InterruptedStep | undefined
  /** Gives the hooks their states. @throws HookError where one refuses its own: the run is neither here nor there then. */
  giveToHooks(): Promise<void>
}

/**
 * Puts everything back where a saved run stood, the hooks last.
 *
 * @throws Error when the state does not fit; another can be restored then, or none.
 */
export async function restoreState(
  { course, session, ledger }: StatefulParts,
  state: RunState,
): Promise<Restored> {
  checkState(state)
  const { loader } = course
  const { configuration } = ledger
  if (!loader.resumesExactly) {
    ledger.warn('data is read again up to where the saved run stood: exact only if it gives the same batches')
  }
  const warnings = compareConfigurations(state, { configuration, length: loader.position.length })
  const giveToHooks = ledger.hookStates.prepare(state.hooks)
  const beginning = loader.position
  try {
    const { step, epochs, samples, seconds, partial } = state
    await loader.seek(partial?.data ?? state.data)
    const totalSteps = course.totalSteps(step)
    const microbatches = partial && (await fetchAgain(loader, partial, state.data))
    await session.load(state.session)
    ledger.resetTo({ step, epochs, samples, seconds, totalSteps, last: course.isLast(step, epochs) })
    ledger.requests.restore(state.requests)
    for (const warning of warnings) ledger.warn(warning)
    return {
      interrupted: partial && { partial, microbatches: microbatches ?? [] },
      giveToHooks: () => giveToHooks((message) => ledger.warn(message)),
    }
  } catch (error) {
    await loader.seek(beginning)
    throw error
  }
}

/** The progress that the parameters of a state have made. */
export function reachedBy({
  step,
  epochs,
  samples,
  seconds,
  partial,
}: Pick<RunState, 'step' | 'epochs' | 'samples' | 'seconds' | 'partial'>): Progress {
  const complete = { step, epochs, samples, seconds, last: false }
  return Object.freeze(partial?.updated ? { ...partial.progress, last: false } : complete)
}

/** @throws TypeError on what is no state of a training run, such as that of an inference. */
function checkState(state: Partial<RunState> | undefined): void {
  const isState =
    Number.isInteger(state?.step) && [state?.session, state?.data, state?.configuration].every(isObject)
  if (!isState)
    throw new TypeError('this is not the state of a training run: give what capture() has returned')
  if (state?.partial !== undefined) placeOf(state.partial.next)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** The batches of the step that was under way. @throws RangeError where they are not as many or as large. */
async function fetchAgain(
  loader: DataLoader,
  { fetched }: PartialStep,
  data: DataState,
): Promise<(Fetched | undefined)[]> {
  const microbatches: (Fetched | undefined)[] = []
  while (microbatches.length < fetched) microbatches.push(await loader.take())
  const { epoch, samples, batches } = loader.position
  if (epoch === data.epoch && samples === data.samples && batches === data.batches) return microbatches
  throw new RangeError(
    `data gave ${samples} samples in ${batches} batches; the saved run had taken ${data.samples} in ${data.batches}`,
  )
}

/**
 * Ranks that went on from different places would never meet again.
 *
 * @throws Error where they have restored different steps, or different parts of one.
 */
export async function checkSameStep(
  group: ProcessGroup,
  step: number,
  { epoch, partial }: { readonly epoch?: number; readonly partial?: PartialStep | undefined } = {},
): Promise<void> {
  if (group.worldSize === 1) return
  const place = [step, epoch ?? 0, ...meetingOf(partial)]
  const [least, most] = [Float64Array.from(place), Float64Array.from(place)]
  await group.allReduce(least, 'min')
  await group.allReduce(most, 'max')
  if (least.every((value, at) => value === most[at])) return
  const isSame = least[0] === most[0]
  throw new Error(
    isSame
      ? `ranks restored different parts of step ${step + 1}: restore states that were taken at the same place`
      : `ranks restored different steps, from ${least[0]} to ${most[0]}: restore the same step on each`,
  )
}
