import type { IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { operationOf } from './graphql.ts'

/** A request, read whole. */
export interface Received {
  readonly method: string
  /** Decoded: `/files/me/my project/abc/file_stream` is `['files', 'me', 'my project', 'abc', 'file_stream']`. */
  readonly path: readonly string[]
  readonly authorization: string | undefined
  readonly bytes: Uint8Array
  /** Its JSON, where it has some. */
  readonly body: unknown
  /** What faults know it by. */
  readonly kinds: readonly string[]
}

export async function receive(message: IncomingMessage): Promise<Received> {
  const { method = 'GET', url = '/', headers } = message
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const raw = Buffer.concat(chunks)
  const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
  const path = new URL(url, 'http://localhost').pathname.split('/').slice(1).map(decodeURIComponent)
  const body = path[0] === 'storage' ? undefined : jsonOf(bytes)
  return { method, path, authorization: headers.authorization, bytes, body, kinds: kindsOf(path, body) }
}

function kindsOf(path: readonly string[], body: unknown): string[] {
  if (path[0] === 'graphql') return ['graphql', operationOf(body)]
  if (path[0] === 'sdk') return ['telemetry']
  return path[0] === 'storage' ? ['storage'] : [path.at(-1) ?? '']
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
