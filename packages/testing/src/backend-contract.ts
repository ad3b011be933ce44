import { gradients } from './backend-contract/gradients.ts'
import { learning } from './backend-contract/learning.ts'
import { memory } from './backend-contract/memory.ts'
import { opening } from './backend-contract/opening.ts'
import { reading } from './backend-contract/reading.ts'
import { refusals } from './backend-contract/refusals.ts'
import { samplewise } from './backend-contract/samplewise.ts'
import { state } from './backend-contract/state.ts'
import { type BackendSubject, type Promises, Trial } from './backend-contract/trial.ts'
import type { ContractCase } from './contract.ts'

/**
 * What the trainer relies on in a backend, one case for each promise.
 *
 * ```ts
 * const batch = (random: Random, size: number) => ({
 *   inputs: { data: new Float32Array(size).map(() => random.next()), shape: [size, 1] },
 *   targets: { data: new Float32Array(size).map(() => random.next()), shape: [size, 1] },
 * })
 * for (const { name, run } of backendContract({ backend: plainBackend, batch })) test(name, run)
 * ```
 */
export function backendContract(subject: BackendSubject): readonly ContractCase[] {
  const promises: Promises = {
    ...opening,
    ...gradients,
    ...(subject.samplewise === false ? {} : samplewise),
    ...learning,
    ...reading,
    ...state,
    ...refusals,
    ...memory,
  }
  return Object.entries(promises).map(([name, show]) => ({
    name,
    run: () => showIn(new Trial(subject), show),
  }))
}

async function showIn(trial: Trial, show: (trial: Trial) => Promise<void>): Promise<void> {
  try {
    await show(trial)
  } finally {
    await trial.close()
  }
}
