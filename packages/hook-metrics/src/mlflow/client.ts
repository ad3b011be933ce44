/** The server will not have it, however often it is asked. */
export class Refusal extends Error {
  /** HTTP's. */
  readonly status: number
  /** MLflow's own, such as `RESOURCE_DOES_NOT_EXIST`. */
  readonly code: string

  constructor(message: string, status: number, code: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The server is not there, or too busy: to be asked again. */
export class Trouble extends Error {
  /** What the server wants to be left alone for. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Milliseconds that one answer may take. */
const answerMs = 30_000

/** A server's REST API, version 2.0: https://mlflow.org/docs/latest/rest-api.html */
export class MlflowClient {
  private readonly base: string
  private readonly headers: Readonly<Record<string, string>>

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.base = `${url.replace(/\/+$/, '')}/api/2.0/mlflow`
    this.headers = headers
  }

  get<Answer>(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    return this.ask(`${path}?${new URLSearchParams(query)}`, { method: 'GET' }, signal)
  }

  post<Answer>(path: string, body: object, signal: AbortSignal): Promise<Answer> {
    return this.ask(path, { method: 'POST', body: JSON.stringify(body) }, signal)
  }

  /** @throws Refusal | Trouble */
  private async ask<Answer>(path: string, init: RequestInit, signal: AbortSignal): Promise<Answer> {
    const { status, ok, headers, text } = await this.fetch(path, init, signal)
    const answer = parsed(text)
    if (ok && answer !== undefined) return answer as Answer
    const { error_code: code = '', message = text.slice(0, 200) } = (answer ?? {}) as Partial<Failure>
    const said = `${status} ${code} ${message}`.replaceAll(/\s+/g, ' ')
    if (ok || status === 408 || status === 429 || status >= 500) {
      throw new Trouble(said, { retryAfterMs: retryAfterMs(headers.get('retry-after')) })
    }
    throw new Refusal(said, status, code)
  }

  private async fetch(path: string, init: RequestInit, signal: AbortSignal) {
    const headers = { 'content-type': 'application/json', ...this.headers }
    const ends = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
    try {
      const response = await fetch(`${this.base}/${path}`, { ...init, headers, signal: ends })
      const { status, ok } = response
      return { status, ok, headers: response.headers, text: await response.text() }
    } catch (cause) {
      throw new Trouble(reasonOf(cause), { cause })
    }
  }
}

interface Failure {
  readonly error_code: string
  readonly message: string
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `fetch` keeps what really happened in its error's cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error
    ? `${message}: ${cause.message || (cause as { code?: string }).code}`
    : message
}

/** A number of seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, 1000 * seconds) : undefined
}
