import { parseLoosely } from './loose-json.ts'
import { StoredLines } from './stored-lines.ts'

/** A JSON object. */
export type Row = Readonly<Record<string, unknown>>

/** A version of an artifact that a run logged. */
export interface StoredArtifact {
  readonly id: string
  /** Of its collection, such as `run-abc123-table`. */
  readonly name: string
  /** Such as `model`. */
  readonly type: string
  readonly digest: string
  /** Such as `latest`. */
  readonly aliases: readonly string[]
  readonly metadata: unknown
  readonly committed: boolean
  /** What its manifest lists, by the paths in it. Undefined until there is one. */
  readonly manifest: Row | undefined
  /** What was uploaded, by the paths in the artifact. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** A run, as the server has it. Live: it goes on to change. */
export interface StoredRun {
  /** What clients call its name or its id, such as `1sk1v3ko`. */
  readonly id: string
  readonly entity: string
  readonly project: string
  readonly displayName: string
  readonly notes: string | null
  readonly group: string | null
  readonly jobType: string | null
  readonly host: string | null
  readonly tags: readonly string[]
  /** As it travels: `{ lr: { value: 0.1 }, _wandb: { value: {} } }`. */
  readonly config: Row
  /** The latest summary. */
  readonly summary: Row
  /** The rows of its history in their order. NaN and Infinity are numbers. A row that is missing is `{}`. */
  readonly rows: readonly Row[]
  /** Rows of system metrics. */
  readonly events: readonly Row[]
  /** The lines of its console, each as it was sent: with a time in front. */
  readonly log: readonly string[]
  /** The lines of each file that was streamed, with what was sent again and what is missing. */
  readonly streams: Readonly<Record<StreamName, StoredLines>>
  /** What was uploaded, by the paths in the run's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** The files that the client says it has uploaded. */
  readonly uploaded: readonly string[]
  /** In the order they were created. */
  readonly artifacts: readonly StoredArtifact[]
  readonly state: 'running' | 'finished' | 'failed'
  /** Of the process, once the run is complete. */
  readonly exitCode: number | undefined
  /** Whether somebody pressed Stop. */
  readonly stopped: boolean
}

/** The files that clients stream. */
export const streamNames = ['wandb-history.jsonl', 'wandb-events.jsonl', 'output.log'] as const
export type StreamName = (typeof streamNames)[number]

/** A run, as the server writes it down. */
export class RunRecord implements StoredRun {
  readonly id: string
  readonly entity: string
  readonly project: string
  displayName: string
  notes: string | null = null
  group: string | null = null
  jobType: string | null = null
  host: string | null = null
  tags: readonly string[] = []
  config: Row = {}
  summary: Row = {}
  readonly streams: Readonly<Record<StreamName, StoredLines>> = {
    'wandb-history.jsonl': new StoredLines(),
    'wandb-events.jsonl': new StoredLines(),
    'output.log': new StoredLines(),
  }
  readonly files: Map<string, Uint8Array> = new Map()
  readonly uploaded: string[] = []
  readonly artifacts: ArtifactRecord[] = []
  exitCode: number | undefined
  complete = false
  stopped = false

  constructor(entity: string, project: string, id: string) {
    this.id = id
    this.entity = entity
    this.project = project
    this.displayName = id
  }

  get rows(): Row[] {
    return this.streams['wandb-history.jsonl'].all.map(rowOf)
  }

  get events(): Row[] {
    return this.streams['wandb-events.jsonl'].all.map(rowOf)
  }

  get log(): string[] {
    return this.streams['output.log'].all.map((line) => line ?? '')
  }

  get state(): 'running' | 'finished' | 'failed' {
    if (!this.complete) return 'running'
    return this.exitCode === 0 ? 'finished' : 'failed'
  }
}

/** A version of an artifact, as the server writes it down. */
export interface ArtifactRecord extends StoredArtifact {
  committed: boolean
  manifest: Row | undefined
  readonly files: Map<string, Uint8Array>
}

function rowOf(line: string | undefined): Row {
  return line === undefined ? {} : (parseLoosely(line) as Row)
}
