import { receiveStream } from './file-stream.ts'
import { answerGraphql, type Place } from './graphql.ts'
import type { Received } from './received.ts'
import { Refusal } from './refusal.ts'
import { keepUpload } from './storage.ts'

/** What a request is answered with. */
export interface Outcome {
  readonly status: number
  /** Sent as JSON. */
  readonly body: object
}

/** What is accepted of clients. */
export interface Terms {
  readonly apiKey: string
  readonly maxBytes: number
}

/** Does what a request asks for. */
export function outcomeOf(place: Place, terms: Terms, received: Received): Outcome {
  try {
    return { status: 200, body: answer(place, terms, received) }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { status: error.status, body: { error: error.message } }
  }
}

function answer(place: Place, { apiKey, maxBytes }: Terms, received: Received): object {
  const { method, path, authorization, bytes, body } = received
  const [area, ...rest] = path
  if (method === 'PUT' && area === 'storage') {
    keepUpload(place.holdings, rest, bytes)
    return {}
  }
  // Telemetry of the official client.
  if (area === 'sdk') return {}
  if (authorization !== basic(apiKey)) throw new Refusal(401, 'the API key is not the one of this server')
  if (bytes.length > maxBytes) throw new Refusal(413, `${bytes.length} bytes are more than ${maxBytes}`)
  if (method === 'POST' && body === undefined) throw new Refusal(400, 'the request is not JSON')
  if (method === 'POST' && area === 'graphql') return answerGraphql(place, body)
  if (method === 'POST' && area === 'files' && rest.length === 4 && rest[3] === 'file_stream') {
    return receiveStream(place.holdings, rest, body)
  }
  throw new Refusal(404, `there is nothing at ${method} /${path.join('/')}`)
}

function basic(apiKey: string): string {
  return `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`
}
