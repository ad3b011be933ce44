/** Answers that another attempt would not change, as the official client has it. */
const finalStatuses: readonly number[] = [400, 401, 403, 404, 409, 410, 413, 422]

/** A server that did not answer, and why. */
export interface Unreached {
  /** Without a path: `https://api.wandb.ai`. */
  readonly server: string
  readonly reason: string
}

/** A request that was not answered as it should be. Whether it was done all the same is not known. */
export class RequestError extends Error {
  /** Whether another attempt would not change it. */
  readonly final: boolean
  /** How long the server asks to be left alone, where it does. */
  readonly retryAfterMs: number | undefined
  /** Where there was no answer at all. */
  readonly unreached: Unreached | undefined

  constructor(
    message: string,
    options: { final?: boolean; retryAfterMs?: number | undefined; unreached?: Unreached; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.name = 'RequestError'
    this.final = options.final ?? false
    this.retryAfterMs = options.retryAfterMs
    this.unreached = options.unreached
  }
}

/** What an answer that is not a success says. */
export async function errorOf(what: string, response: Response): Promise<RequestError> {
  const { status, headers } = response
  const text = unended((await response.text()).slice(0, 200))
  const remedy = remedies[status] ?? ''
  return new RequestError(`${what} was answered with ${status}${text && `: ${text}`}${remedy}`, {
    final: finalStatuses.includes(status),
    retryAfterMs: milliseconds(headers.get('retry-after')),
  })
}

const remedies: Readonly<Record<number, string>> = {
  401: '; check that WANDB_API_KEY is a key of this server',
  403: '; check that the key may write to this project',
  413: '; something that was logged is larger than the server takes',
}

/** Without what ends a sentence: it goes on in the user's one. */
function unended(text: string): string {
  return text.replace(/[\s.?!;:]+$/, '')
}

/** Of the header Retry-After: seconds, or a date. */
function milliseconds(header: string | null): number | undefined {
  if (header === null) return undefined
  const seconds = Number(header)
  const waiting = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(waiting) ? Math.max(0, waiting) : undefined
}
