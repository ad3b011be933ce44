import type { RunFolder } from '../run-folder.ts'
import type { RunAddress } from '../uploader.ts'
import type { StreamKind } from './file-stream.ts'

/** The file of the run's folder that says what became of its upload. */
const stateFile = 'upload.json'

/** What is known of a run's upload besides what the server says: kept in the run's folder, and written before it is relied on. */
export interface SentState {
  readonly version: 1
  readonly baseUrl: string
  /** As it was asked for; `null` for the one of the key's owner. */
  readonly entity: string | null
  readonly project: string
  readonly id: string
  /** Lines that the server had before this log was begun: the log's lines come after them. */
  readonly base: Readonly<Record<StreamKind, number>>
  /** The byte of the log up to which the files it names, where they were done by then, have been put. */
  readonly filesTo: number
  /** The log up to this byte has been sent whole, with all files, and the server was told that the run is over. */
  readonly completeTo?: number
}

/** What is known of an upload to that address; `undefined` where there was none. */
export async function readState(folder: RunFolder, address: Addressed): Promise<SentState | undefined> {
  const state = await read(folder)
  return state !== undefined && isOf(state, address) ? state : undefined
}

async function read(folder: RunFolder): Promise<SentState | undefined> {
  const size = await folder.size(stateFile)
  if (size === undefined) return undefined
  return parse(new TextDecoder().decode(await folder.read(stateFile, 0, size)))
}

export function writeState(folder: RunFolder, state: SentState): Promise<void> {
  return folder.write(stateFile, new TextEncoder().encode(`${JSON.stringify(state)}\n`))
}

type Addressed = Pick<RunAddress, 'baseUrl' | 'entity' | 'project' | 'id'>

function isOf(state: SentState, { baseUrl, entity, project, id }: Addressed): boolean {
  return (
    state.entity === (entity ?? null) &&
    state.baseUrl === baseUrl &&
    state.project === project &&
    state.id === id
  )
}

/** A file that is damaged, or of a version to come, is as none: what is on the server is then compared with the log. */
function parse(text: string): SentState | undefined {
  try {
    const state = JSON.parse(text) as SentState
    return state?.version === 1 ? state : undefined
  } catch {
    return undefined
  }
}

/** The byte up to which a log was sent whole, wherever to; `undefined` for one that was not. */
export async function readCompleteTo(folder: RunFolder): Promise<number | undefined> {
  return (await read(folder))?.completeTo
}
