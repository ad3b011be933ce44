import { errorOf, RequestError } from './request-error.ts'

/** Who asks, and for how long. */
export interface Connection {
  readonly baseUrl: string
  readonly apiKey: string
  /** How long an answer is waited for. */
  readonly requestMs: number
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

/**
 * Posts JSON to a path of the server, and reads its answer.
 *
 * @throws RequestError where there is none, or another than a success. The signal's reason once that is aborted.
 */
export async function post(connection: Connection, path: string, body: string): Promise<unknown> {
  const { baseUrl, apiKey } = connection
  const headers = { authorization: `Basic ${btoa(`api:${apiKey}`)}`, 'content-type': 'application/json' }
  const url = `${baseUrl}${path}`
  return request(connection, url, { method: 'POST', headers, body }, async (response) => {
    const text = await response.text()
    try {
      return JSON.parse(text || '{}')
    } catch (cause) {
      throw new RequestError(`${url} answered with what is not JSON: ${text.slice(0, 200)}`, { cause })
    }
  })
}

/** Puts a file where the server said. @throws RequestError as {@link post}. */
export function put(
  connection: Connection,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  return request(connection, url, { method: 'PUT', headers, body }, async (response) => {
    await response.arrayBuffer()
  })
}

async function request<Result>(
  { requestMs, signal }: Connection,
  url: string,
  options: RequestInit,
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted()
  const ending = new AbortController()
  const end = (): void => ending.abort(signal.reason)
  const late = lateError(url, requestMs)
  const timer = setTimeout(() => ending.abort(late), requestMs)
  signal.addEventListener('abort', end)
  try {
    const response = await fetch(url, { ...options, signal: ending.signal })
    if (!response.ok) throw await errorOf(`${options.method} ${url}`, response)
    return await read(response)
  } catch (cause) {
    signal.throwIfAborted()
    throw cause instanceof RequestError ? cause : unreachable(url, cause)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function unreachable(url: string, cause: unknown): RequestError {
  const { message, cause: deeper } = cause as Error
  const detail = deeper instanceof Error ? deeper.message || (deeper as { code?: string }).code : undefined
  const reason = detail ? `${message}: ${detail}` : message
  return new RequestError(`${url} could not be reached (${reason})`, {
    unreached: { server: serverOf(url), reason },
    cause,
  })
}

function lateError(url: string, requestMs: number): RequestError {
  const reason = `no answer within ${requestMs} ms`
  return new RequestError(`${url} did not answer within ${requestMs} ms`, {
    unreached: { server: serverOf(url), reason },
  })
}

/** What stands before the path. */
function serverOf(url: string): string {
  return url.split('/', 3).join('/')
}
