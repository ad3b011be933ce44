import type { InferenceState, NdArray, RunState } from '@hookstep/catalogue'
import type { ManifestFacts } from '../src/manifest.ts'
import { memoryStore } from '../src/memory-store.ts'
import type { CheckpointStore } from '../src/store.ts'

export const facts: ManifestFacts = {
  sequence: 1,
  rank: 0,
  worldSize: 1,
  reasons: ['every 100 steps'],
  metrics: { loss: NaN },
  pinned: false,
}

/** Another one each time: to save it takes its arrays away. */
export function runState(): RunState {
  return {
    step: 200,
    epochs: 0.5,
    samples: 1600,
    seconds: 1.5,
    seed: 7,
    data: { epoch: 1, samples: 1600, batches: 200, length: 3200 },
    session: {
      parameters: { 'dense/κ': floats(0.5, -0, NaN), mask: { data: Uint8Array.of(1, 0), shape: [2, 1] } },
      slots: { 'dense/κ/m': floats(1, 2, 3) },
      counters: { passes: 400, rate: -0 },
    },
    requests: [{ kind: 'save', reason: 'USR1', requestedBy: 'signal', step: 200 }],
    hooks: { 'early stopping': { version: 2, state: { best: Infinity, at: [1, null] } } },
    configuration: { batchSize: 8 },
  }
}

/** The same, with step 201 under way. */
export function stateWithinStep(): RunState {
  const state = runState()
  return {
    ...state,
    session: { ...state.session, accumulated: { 'dense/κ': floats(4, 5, 6) } },
    partial: {
      next: 'evaluate.step.pre',
      progress: { step: 201, epochs: 0.5025, samples: 1608, seconds: 1.6, totalSteps: 400, last: false },
      learningRate: 0.1,
      data: state.data,
      fetched: 2,
      microbatches: 1,
      samples: 8,
      measured: true,
      updated: false,
      skipped: false,
      values: { loss: NaN },
      evaluation: { batches: 1, samples: 4, sums: { loss: -Infinity } },
    },
  }
}

export function inferenceState(): InferenceState {
  const { step, samples, seconds, data, requests, hooks, configuration } = runState()
  return { step, samples, seconds, data, requests, hooks, configuration }
}

/** A checkpoint's files by name. */
export type Files = Readonly<Record<string, Uint8Array>>

export async function filesOf(store: CheckpointStore, name: string): Promise<Files> {
  const reader = await store.open(name)
  const files: Record<string, Uint8Array> = {}
  for (const [file, bytes] of Object.entries(await reader.files())) {
    const content = new Uint8Array(bytes)
    await reader.read(file, [content])
    files[file] = content
  }
  return files
}

/** A store that has these files for a checkpoint, whatever is in them. */
export async function storeOf(name: string, files: Files): Promise<CheckpointStore> {
  const store = memoryStore()
  const writer = await store.create(name)
  for (const [file, content] of Object.entries(files)) await writer.write(file, [content.slice()])
  await writer.commit()
  return store
}

function floats(...values: readonly number[]): NdArray {
  return { data: Float32Array.from(values), shape: [values.length] }
}
