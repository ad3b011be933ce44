import type { RunName } from './graphql.ts'
import { type Connection, post } from './http.ts'

/** What is streamed of a run, by the files that W&B makes of it. */
export const streamFiles = {
  history: 'wandb-history.jsonl',
  events: 'wandb-events.jsonl',
  log: 'output.log',
} as const

export type StreamKind = keyof typeof streamFiles
export const streamKinds = Object.keys(streamFiles) as readonly StreamKind[]

/** Lines that lie next to each other. */
export interface Chunk {
  /** The number of the first one, counted from 0, on the server. */
  readonly offset: number
  readonly content: readonly string[]
}

/** A request of the stream; without anything in it, it says that the run is alive. */
export interface StreamRequest {
  readonly chunks: Readonly<Partial<Record<StreamKind, Chunk>>>
  /** JSON. */
  readonly summary?: string | undefined
  /** Files that have been put. */
  readonly uploaded?: readonly string[]
  /** The run is over. */
  readonly exitCode?: number | undefined
}

/** @returns whether somebody has pressed Stop. @throws RequestError */
export async function stream(
  connection: Connection,
  { entity, project, id }: RunName,
  { chunks, summary, uploaded, exitCode }: StreamRequest,
): Promise<{ readonly stopped: boolean }> {
  const files = {
    ...Object.fromEntries(
      Object.entries(chunks).map(([kind, chunk]) => [streamFiles[kind as StreamKind], chunk]),
    ),
    ...(summary !== undefined && { 'wandb-summary.json': { offset: 0, content: [summary] } }),
  }
  const body = JSON.stringify({
    ...(Object.keys(files).length > 0 && { files }),
    ...(uploaded?.length && { uploaded }),
    ...(exitCode !== undefined && { complete: true, exitcode: exitCode }),
  })
  const path = ['files', entity ?? '', project, id].map((part) => encodeURIComponent(part)).join('/')
  const answer = (await post(connection, `/${path}/file_stream`, body)) as { stopped?: boolean } | null
  return { stopped: answer?.stopped === true }
}
