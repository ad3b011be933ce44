import type { InferenceState } from '@hookstep/catalogue'
import type { InferencePass } from './inference-pass.ts'
import type { Ledger } from './ledger.ts'

/** The parts of an inference whose state is saved: the parameters are not among them. */
export interface InferenceParts {
  readonly pass: InferencePass
  readonly ledger: Ledger
}

/** Copies what is needed to go on behind the last step. To be called between two steps. */
export async function captureInference({ pass, ledger }: InferenceParts): Promise<InferenceState> {
  // The time is that by which the step decided what was due: after a resume nothing is due twice or never.
  const { step, samples, seconds } = ledger.progress
  return {
    step,
    samples,
    seconds,
    data: pass.loader.position,
    requests: ledger.requests.undecided(false),
    hooks: await ledger.hookStates.save(),
    configuration: ledger.configuration,
  }
}

/**
 * Goes on where a saved inference stood.
 *
 * @throws Error when the state does not fit; another can be restored then, or none.
 */
export async function restoreInference(
  { pass, ledger }: InferenceParts,
  state: InferenceState,
): Promise<void> {
  checkState(state)
  const { loader } = pass
  if (!loader.resumesExactly) {
    ledger.warn('data is read again up to where the saved run stood: exact only if it gives the same batches')
  }
  const giveToHooks = ledger.hookStates.prepare(state.hooks)
  const [beginning, before] = [loader.position, ledger.progress]
  try {
    await loader.seek(state.data)
    const { step, samples, seconds } = state
    const [epochs, totalSteps] = [pass.shareAfter(0), pass.totalSteps(step)]
    ledger.resetTo({ step, epochs, samples, seconds, totalSteps, last: false })
    await giveToHooks((message) => ledger.warn(message))
  } catch (error) {
    ledger.resetTo(before)
    await loader.seek(beginning)
    throw error
  }
  ledger.requests.restore(state.requests)
}

/** @throws TypeError on what is no state of an inference, such as that of a training run. */
function checkState(state: Partial<InferenceState> | undefined): void {
  if ('session' in Object(state)) {
    throw new TypeError(
      "this is the state of a training run: give it to the inference's option from, which takes its parameters",
    )
  }
  const isState =
    Number.isInteger(state?.step) &&
    [state?.data, state?.hooks, state?.requests].every((part) => typeof part === 'object' && part !== null)
  if (!isState) throw new TypeError('this is not the state of an inference: give what capture() has returned')
}
