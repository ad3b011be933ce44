import type { InferenceState, Json, NamedArrays, RunState, SessionState } from '@hookstep/catalogue'
import { fromExactJson } from './exact-json.ts'
import { fileNames } from './file-names.ts'
import type { Manifest } from './manifest.ts'
import { decoded, type OpenedCheckpoint, opened } from './opened.ts'
import { fromSafetensors } from './safetensors.ts'
import { readInferenceState, readRunFacts } from './state-file.ts'
import type { CheckpointStore } from './store.ts'

/** A checkpoint that was read and verified. */
export type Checkpoint =
  | {
      readonly kind: 'train'
      readonly manifest: Manifest
      readonly state: RunState
      /** How the model is built, where that was known. */
      readonly model?: Json
    }
  | { readonly kind: 'inference'; readonly manifest: Manifest; readonly state: InferenceState }

/**
 * Reads a checkpoint, and verifies everything of it: each file's SHA-256 and form, and that there is none too many or
 * too few. What a stranger made can at worst be refused.
 *
 * @throws CheckpointError with its location and the reason.
 */
export function readCheckpoint(store: CheckpointStore, name: string): Promise<Checkpoint> {
  return opened(store, name, async (checkpoint) => {
    const { manifest } = checkpoint
    const read =
      manifest.kind === 'train'
        ? {
            kind: manifest.kind,
            manifest,
            ...(await readModel(checkpoint)),
            state: await readRun(checkpoint),
          }
        : { kind: manifest.kind, manifest, state: await readInference(checkpoint) }
    checkSameMoment(manifest, read.state)
    return read
  })
}

/**
 * Reads the parameters alone: for inference, evaluation and export.
 *
 * @throws CheckpointError when they are not as they were written, or it has none.
 */
export function readParameters(store: CheckpointStore, name: string): Promise<NamedArrays> {
  return opened(store, name, async (checkpoint) => {
    if (checkpoint.manifest.kind !== 'train') throw new Error('that of an inference has no parameters')
    return readArrays(checkpoint, fileNames.parameters)
  })
}

async function readRun(checkpoint: OpenedCheckpoint): Promise<RunState> {
  // The smallest first: what is refused is refused before the rest is read.
  const { session, ...rest } = readRunFacts(decoded(await checkpoint.read(fileNames.state)))
  return { ...rest, session: { ...(await readSession(checkpoint)), counters: session.counters } }
}

async function readModel(checkpoint: OpenedCheckpoint): Promise<{ readonly model?: Json }> {
  if (!Object.hasOwn(checkpoint.manifest.files, fileNames.model)) return {}
  return { model: fromExactJson(decoded(await checkpoint.read(fileNames.model))) }
}

async function readSession(checkpoint: OpenedCheckpoint): Promise<Omit<SessionState, 'counters'>> {
  const parameters = await readArrays(checkpoint, fileNames.parameters)
  const slots = await readArrays(checkpoint, fileNames.slots)
  if (!Object.hasOwn(checkpoint.manifest.files, fileNames.accumulated)) return { parameters, slots }
  return { parameters, slots, accumulated: await readArrays(checkpoint, fileNames.accumulated) }
}

async function readInference(checkpoint: OpenedCheckpoint): Promise<InferenceState> {
  return readInferenceState(decoded(await checkpoint.read(fileNames.state)))
}

async function readArrays(checkpoint: OpenedCheckpoint, file: string): Promise<NamedArrays> {
  const content = await checkpoint.read(file)
  try {
    return fromSafetensors(content)
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause })
  }
}

/** @throws Error when the manifest speaks of another moment of the run than the state. */
function checkSameMoment(manifest: Manifest, state: RunState | InferenceState): void {
  const isWithinStep = 'partial' in state && state.partial !== undefined
  if (manifest.step === state.step && manifest.isWithinStep === isWithinStep) return
  throw new Error(`its manifest speaks of step ${manifest.step}, its state is that of step ${state.step}`)
}
