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
    requests: ledger.requests.undecided,
    hooks: await ledger.hookStates.save(),
    configuration: ledger.configuration,
  }
}

/**
 * Goes on where a saved inference stood.
 *
 * @throws Error when the state does not fit; another can be restored then.
 */
export async function restoreInference(
  { pass, ledger }: InferenceParts,
  state: InferenceState,
): Promise<void> {
  if ('session' in state) {
    throw new TypeError(
      "this is the state of a training run: give it to the inference's option from, which takes its parameters",
    )
  }
  if (!pass.loader.resumesExactly) {
    ledger.warn('data is read again up to where the saved run stood: exact only if it gives the same batches')
  }
  await pass.loader.seek(state.data)
  const { step, samples, seconds } = state
  const [epochs, totalSteps] = [pass.shareAfter(0), pass.totalSteps(step)]
  ledger.resetTo({ step, epochs, samples, seconds, totalSteps, last: false })
  for (const request of state.requests) ledger.requests.add(request)
  await ledger.hookStates.load(state.hooks, (message) => ledger.warn(message))
}
