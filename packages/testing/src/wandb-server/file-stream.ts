import type { Holdings } from './holdings.ts'
import { parseLoosely } from './loose-json.ts'
import { Refusal } from './refusal.ts'
import { type Row, type RunRecord, type StreamName, streamNames } from './stored-run.ts'

/** What a client posts to `/files/ENTITY/PROJECT/RUN/file_stream`; every part may be left out. */
interface Posted {
  readonly files?: Readonly<Record<string, Chunk>>
  readonly uploaded?: readonly string[]
  readonly complete?: boolean
  readonly exitcode?: number
}

/** Lines, and the position of the first of them. */
interface Chunk {
  readonly offset: number
  readonly content: readonly string[]
}

/**
 * Writes down what a client streams.
 *
 * @returns the answer, which says whether somebody pressed Stop.
 * @throws Refusal 404 when there is no such run, 400 on what is not as it should be.
 */
export function receiveStream(holdings: Holdings, path: readonly string[], body: unknown): object {
  const [entity, project, id] = path as [string, string, string]
  const run = holdings.find(entity, project, id)
  if (run === undefined) throw new Refusal(404, `there is no run ${entity}/${project}/${id}`)
  const { files = {}, uploaded = [], complete, exitcode } = body as Posted
  const chunks = Object.entries(files).map(([name, chunk]) => [name, checked(name, chunk)] as const)
  for (const [name, chunk] of chunks) receive(run, name, chunk)
  run.uploaded.push(...uploaded)
  run.complete = complete === true
  if (complete === true) run.exitCode = exitcode ?? 0
  return { exitcode: null, limits: {}, ...(run.stopped && { stopped: true }) }
}

function receive(run: RunRecord, name: string, { offset, content }: Chunk): void {
  if (isStream(name)) run.streams[name].write(offset, content)
  if (name === 'wandb-summary.json') run.summary = parseLoosely(content.at(-1) as string) as Row
}

/** Nothing of a request is written down when a part of it is wrong. */
function checked(name: string, chunk: Chunk): Chunk {
  const { offset, content } = chunk
  const wrong = (problem: string): Refusal => new Refusal(400, `${name}: ${problem}`)
  if (!isStream(name) && name !== 'wandb-summary.json') throw wrong('no such file is streamed')
  if (!Number.isInteger(offset) || offset < 0) throw wrong(`the offset ${offset} is not a position`)
  if (!Array.isArray(content) || content.length === 0) throw wrong('the content is not a list of lines')
  const bad = content.find((line) => typeof line !== 'string' || (name !== 'output.log' && !isObject(line)))
  if (bad !== undefined) throw wrong(`${JSON.stringify(bad)} is not a line`)
  return chunk
}

function isStream(name: string): name is StreamName {
  return (streamNames as readonly string[]).includes(name)
}

function isObject(line: string): boolean {
  try {
    const value = parseLoosely(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
