import type { InferenceState, Json, RunState } from '@hookstep/catalogue'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { toExactJson } from './exact-json.ts'
import { fileNames } from './file-names.ts'
import { json } from './forms.ts'
import { checkpointName, type Manifest, type ManifestFacts, manifestText, sealed } from './manifest.ts'
import { toSafetensors } from './safetensors.ts'
import { writeInferenceState, writeRunFacts } from './state-file.ts'
import type { CheckpointStore, CheckpointWriter, FileEntry } from './store.ts'

/**
 * Saves a state in a store under a name of its own, and returns when it is durable: `step-00000200`; within the step
 * after it `step-00000200-within-201`; where that is taken, by a run that went another way from there, `step-00000200-2`.
 *
 * Nothing is copied: the state's arrays are handed to the store, which may detach them. The state cannot be used
 * afterwards.
 *
 * @param model how the model is built, where that is known.
 * @throws Error when the state cannot be saved or the store cannot take it. Nothing is left of it then.
 */
export async function writeCheckpoint(
  store: CheckpointStore,
  state: RunState | InferenceState,
  facts: ManifestFacts,
  model?: Json,
): Promise<Manifest> {
  // Before anything is written, so that what cannot be saved is refused at once.
  const files = filesOf(state, model)
  const name = freeName(baseName(state), await store.list())
  const writer = await store.create(name)
  try {
    const entries = await writeAll(writer, files)
    const manifest = sealed({ ...described(state), ...only(facts), name, files: entries })
    await writer.write(fileNames.manifest, [utf8ToBytes(manifestText(manifest))])
    await writer.commit()
    return manifest
  } catch (error) {
    // What it was that failed matters, not that it could not be tidied up: the next run does.
    await writer.discard().catch(() => {})
    throw error
  }
}

type File = readonly [name: string, parts: readonly Uint8Array[]]

function filesOf(state: RunState | InferenceState, model: Json | undefined): File[] {
  if (!isRun(state)) return [[fileNames.state, [utf8ToBytes(writeInferenceState(state))]]]
  const { parameters, slots, accumulated = {} } = state.session
  const files: File[] = [
    [fileNames.parameters, toSafetensors(parameters)],
    [fileNames.slots, toSafetensors(slots)],
  ]
  if (Object.keys(accumulated).length > 0) files.push([fileNames.accumulated, toSafetensors(accumulated)])
  files.push([fileNames.state, [utf8ToBytes(writeRunFacts(state))]])
  if (model !== undefined) files.push([fileNames.model, [utf8ToBytes(toExactJson(json(model, 'model')))]])
  return withOwnBuffers(files)
}

/** A buffer is handed over with the first file that is in it: what a later one has of it is copied before. */
function withOwnBuffers(files: readonly File[]): File[] {
  const handedOver = new Set<ArrayBufferLike>()
  return files.map(([name, parts]) => {
    const own = parts.map((part) => (handedOver.has(part.buffer) ? part.slice() : part))
    for (const { buffer } of own) handedOver.add(buffer)
    return [name, own]
  })
}

/** All are handed to the store at once: the loop, which comes to it only now and then, is needed once. */
async function writeAll(writer: CheckpointWriter, files: readonly File[]): Promise<Manifest['files']> {
  const written = await Promise.allSettled(files.map(([name, parts]) => writer.write(name, parts)))
  // Only when none is being written any more: what there is may be removed then.
  const failed = written.find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  const entries = written.map((result) => (result as PromiseFulfilledResult<FileEntry>).value)
  return Object.fromEntries(files.map(([name], index) => [name, entries[index] as FileEntry]))
}

function described(
  state: RunState | InferenceState,
): Pick<Manifest, 'format' | 'version' | 'kind' | 'step' | 'isWithinStep' | 'created'> {
  return {
    format: 'hookstep-checkpoint',
    version: 1,
    kind: isRun(state) ? 'train' : 'inference',
    step: state.step,
    isWithinStep: isRun(state) && state.partial !== undefined,
    created: new Date().toISOString(),
  }
}

function only({ sequence, rank, worldSize, reasons, metrics, pinned }: ManifestFacts): ManifestFacts {
  return { sequence, rank, worldSize, reasons, metrics, pinned }
}

function isRun(state: RunState | InferenceState): state is RunState {
  return 'session' in state
}

function baseName(state: RunState | InferenceState): string {
  const name = `step-${String(state.step).padStart(8, '0')}`
  return isRun(state) && state.partial ? `${name}-within-${state.partial.progress.step}` : name
}

/** The name itself, or the first of `…-2`, `…-3`, … that is free. */
function freeName(base: string, taken: readonly string[]): string {
  let name = base
  for (let number = 2; taken.includes(name); number++) name = `${base}-${number}`
  if (checkpointName.test(name)) return name
  throw new RangeError(`${name} is no name of a checkpoint`)
}
