import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { Faults, type WandbFault } from './fault.ts'
import { Holdings } from './holdings.ts'
import { type Outcome, outcomeOf, type Terms } from './outcome.ts'
import { type Received, receive } from './received.ts'
import type { StoredRun } from './stored-run.ts'

export interface WandbServerOptions {
  /** Default 0: any that is free. */
  readonly port?: number
  /** The only key that it takes. Default: one of 40 characters, as the official client wants them. */
  readonly apiKey?: string
  /** Whom the key belongs to. Default `tester`. */
  readonly entity?: string
  /** Larger requests are answered with 413, uploads of files aside. Default 32 MiB. */
  readonly maxBytes?: number
  /** Of faults that befall a share of the requests. Default 0. */
  readonly seed?: number
}

/** A request that came, and what became of it. */
export interface WandbRequest {
  /** `graphql`, `file_stream`, `storage` (uploads), `telemetry`, or what else its address ends in. */
  readonly kind: string
  /** Of GraphQL, such as `UpsertBucket`. */
  readonly operation: string | undefined
  /** Of its body. */
  readonly bytes: number
  /** What the client saw. Undefined until then. */
  readonly status: number | 'reset' | undefined
}

/**
 * A W&B server on 127.0.0.1, in memory: it holds what clients send it, and fails as it is told to.
 *
 * ```ts
 * await using server = await startWandbServer()
 * ```
 *
 * @throws Error when the port is taken.
 */
export async function startWandbServer(options: WandbServerOptions = {}): Promise<WandbServer> {
  const server = new LoopbackServer(options)
  await server.comeBack()
  return server
}

/** What {@link startWandbServer} starts. */
export interface WandbServer extends AsyncDisposable {
  /** What `WANDB_BASE_URL` takes, such as `http://127.0.0.1:41234`. */
  readonly url: string
  /** What `WANDB_API_KEY` takes. */
  readonly apiKey: string
  /** Whom the key belongs to. */
  readonly entity: string
  /** All that it holds, in the order they came. */
  readonly runs: readonly StoredRun[]
  /** All that came since it started or since `forget`, in order. */
  readonly requests: readonly WandbRequest[]
  /**
   * The run of that id.
   *
   * @throws Error when there is none, or one in several projects.
   */
  run(id: string): StoredRun
  /** Fails as it is told to, from now on. @returns what ends it. */
  fail(fault: WandbFault): () => void
  /** Ends all faults. */
  recover(): void
  /** Presses Stop: each answer to what the run streams says so. */
  pressStop(id: string): void
  /** Forgets what requests came. What it holds stays. */
  forget(): void
  /** Is gone: connections end, and new ones are refused, until it comes back. */
  leave(): Promise<void>
  /** Comes back, at the same address and with what it held. */
  comeBack(): Promise<void>
  /** Ends it. */
  close(): Promise<void>
}

class LoopbackServer implements WandbServer {
  readonly apiKey: string
  private readonly maxBytes: number
  private readonly holdings: Holdings
  private readonly faults: Faults
  private readonly received: { -readonly [Key in keyof WandbRequest]: WandbRequest[Key] }[] = []
  private port: number
  private http: Server | undefined
  private away = new AbortController()

  constructor({
    port = 0,
    apiKey = 'local0'.padEnd(40, '0'),
    entity = 'tester',
    ...rest
  }: WandbServerOptions) {
    this.port = port
    this.apiKey = apiKey
    this.maxBytes = rest.maxBytes ?? 32 * 2 ** 20
    this.holdings = new Holdings(entity)
    this.faults = new Faults(rest.seed ?? 0)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get entity(): string {
    return this.holdings.entity
  }

  get runs(): readonly StoredRun[] {
    return this.holdings.runs
  }

  get requests(): readonly WandbRequest[] {
    return this.received
  }

  run(id: string): StoredRun {
    return this.find(id)
  }

  fail(fault: WandbFault): () => void {
    return this.faults.add(fault)
  }

  recover(): void {
    this.faults.clear()
  }

  pressStop(id: string): void {
    this.find(id).stopped = true
  }

  forget(): void {
    this.received.length = 0
  }

  async leave(): Promise<void> {
    const { http } = this
    if (http === undefined) return
    this.http = undefined
    this.away.abort()
    const closed = new Promise((resolve) => http.close(resolve))
    http.closeAllConnections()
    await closed
  }

  async comeBack(): Promise<void> {
    if (this.http !== undefined) return
    const http = createServer((request, response) => void this.handle(request, response))
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject).listen(this.port, '127.0.0.1', resolve)
    })
    this.port = (http.address() as AddressInfo).port
    this.away = new AbortController()
    this.http = http
  }

  close(): Promise<void> {
    return this.leave()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave()
  }

  private find(id: string) {
    const found = this.holdings.runs.filter((run) => run.id === id)
    if (found.length === 1) return found[0] as (typeof found)[number]
    const known = this.holdings.runs.map((run) => `${run.entity}/${run.project}/${run.id}`).join(', ')
    throw new Error(`${found.length} runs have the id ${id}; the server holds ${known || 'none'}`)
  }

  private get terms(): Terms {
    return { apiKey: this.apiKey, maxBytes: this.maxBytes }
  }

  private do(received: Received): Outcome {
    return outcomeOf({ holdings: this.holdings, url: this.url }, this.terms, received)
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method === 'OPTIONS') {
        send(response, { status: 204, body: {} })
        return
      }
      const received = await receive(request)
      const [kind = '', operation] = received.kinds
      const entry: (typeof this.received)[number] = {
        kind,
        operation,
        bytes: received.bytes.length,
        status: undefined,
      }
      this.received.push(entry)
      const fault = this.faults.meet(received.kinds)
      entry.status = await (fault === undefined
        ? send(response, this.do(received))
        : this.misbehave(fault, received, response))
    } catch {
      // The client, or the server, is gone.
      response.destroy()
    }
  }

  private async misbehave(
    { shows, applied = shows === 'slow' ? 'at once' : 'never', ...rest }: WandbFault,
    received: Received,
    response: ServerResponse,
  ): Promise<number | 'reset'> {
    const early = applied === 'at once' ? this.do(received) : undefined
    if (shows === 'slow') {
      await later(rest.delayMs ?? 60_000, undefined, { signal: this.away.signal })
      return send(response, early ?? this.do(received))
    }
    if (shows === 'reset') {
      response.socket?.resetAndDestroy()
      return 'reset'
    }
    const { retryAfterSeconds } = rest
    if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds)
    return send(response, { status: shows, body: { error: 'on purpose' } })
  }
}

/** What lets pages of any origin send to it. */
const openToPages = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, PUT, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-expose-headers': 'retry-after',
}

function send(response: ServerResponse, { status, body }: Outcome): number {
  response.writeHead(status, { ...openToPages, 'content-type': 'application/json' })
  response.end(status === 204 ? undefined : JSON.stringify(body))
  return status
}
