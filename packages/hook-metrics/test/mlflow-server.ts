import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * An MLflow server on the loopback, in memory: what its REST API documents of experiments and runs
 * (https://mlflow.org/docs/latest/rest-api.html), with faults on demand.
 */
export interface MlflowServer {
  readonly url: string
  readonly runs: readonly RunRecord[]
  /** Of each request, its path; the faulty ones with what became of them. */
  readonly requests: readonly string[]
  /** What becomes of the next requests whose path has this in it. */
  fail(path: string, ...faults: readonly Fault[]): void
}

/** A status, with headers maybe; a connection that is cut before or after the request was carried out; no answer at all. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string> }
  | 'cut'
  | 'cut after'
  | 'silence'

export interface RunRecord {
  readonly id: string
  readonly experiment: string
  readonly tags: Record<string, string>
  readonly params: Record<string, string>
  readonly metrics: Metric[]
  name: string
  status: string
}

interface Metric {
  readonly key: string
  readonly value: number | string
  readonly timestamp: number
  readonly step: number
}

interface Tag {
  readonly key: string
  readonly value: string
}

class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export async function startMlflowServer(): Promise<MlflowServer> {
  const api = new Api()
  const requests: string[] = []
  const faults: { path: string; fault: Fault }[] = []
  const takeFault = (path: string): Fault | undefined => {
    const at = faults.findIndex((one) => path.includes(one.path))
    return at === -1 ? undefined : faults.splice(at, 1)[0]?.fault
  }
  const server = createServer((request, response) => {
    void handle(api, request, response, (path) => {
      const fault = takeFault(path)
      requests.push(fault === undefined ? path : `${path}: ${JSON.stringify(fault)}`)
      return fault
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    runs: api.runs,
    requests,
    fail: (path, ...more) => {
      faults.push(...more.map((fault) => ({ path, fault })))
    },
  }
}

async function handle(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  faultOf: (path: string) => Fault | undefined,
): Promise<void> {
  const url = new URL(request.url ?? '', 'http://localhost')
  const path = url.pathname.replace('/api/2.0/mlflow/', '')
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body =
    chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : Object.fromEntries(url.searchParams)
  const fault = faultOf(path)
  if (fault === 'silence') return
  if (fault === 'cut') return void response.destroy()
  if (typeof fault === 'object') {
    response.writeHead(fault.status, fault.headers).end(`{"error_code":"FAULT","message":"on purpose"}`)
    return
  }
  const { status, answer } = carriedOut(() => api.call(`${request.method} ${path}`, body))
  if (fault === 'cut after') return void response.destroy()
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}

function carriedOut(call: () => object): { status: number; answer: object } {
  try {
    return { status: 200, answer: call() }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { status: error.status, answer: { error_code: error.code, message: error.message } }
  }
}

class Api {
  readonly runs: RunRecord[] = []
  private readonly known = new Set<string>()
  private readonly experiments: string[] = ['Default']

  // biome-ignore lint/suspicious/noExplicitAny: what clients send is looked at below.
  call(route: string, body: any): object {
    switch (route) {
      case 'GET experiments/get-by-name':
        return { experiment: { experiment_id: this.experimentId(body.experiment_name) } }
      case 'POST experiments/create':
        return { experiment_id: String(this.experiments.push(body.name) - 1) }
      case 'POST runs/create':
        return { run: this.answer(this.create(body)) }
      case 'POST runs/search':
        return { runs: this.search(body.filter).map((run) => this.answer(run)) }
      case 'GET runs/get':
        return { run: this.answer(this.find(body.run_id)) }
      case 'POST runs/update':
        this.find(body.run_id).status = body.status
        return {}
      case 'POST runs/log-batch':
        this.logBatch(body)
        return {}
      default:
        throw new ApiError(404, 'ENDPOINT_NOT_FOUND', route)
    }
  }

  private experimentId(name: string): string {
    const id = this.experiments.indexOf(name)
    if (id === -1) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST', `no experiment ${name}`)
    return String(id)
  }

  private create(body: { experiment_id: string; run_name?: string; tags: readonly Tag[] }): RunRecord {
    const run: RunRecord = {
      id: `run${this.runs.length + 1}`,
      experiment: this.experiments[Number(body.experiment_id)] ?? '',
      name: body.run_name ?? 'made-up',
      tags: Object.fromEntries(body.tags.map(({ key, value }) => [key, value])),
      params: {},
      metrics: [],
      status: 'RUNNING',
    }
    this.runs.push(run)
    return run
  }

  private search(filter: string): RunRecord[] {
    const [, tag = '', value] = /^tags\.`(.+)` = '(.+)'$/.exec(filter) ?? []
    return this.runs.filter(({ tags }) => tags[tag] === value)
  }

  private find(id: string): RunRecord {
    const run = this.runs.find((one) => one.id === id)
    if (run === undefined) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`)
    return run
  }

  private logBatch(body: { run_id: string; metrics?: readonly Metric[]; params?: readonly Tag[] }): void {
    const { metrics = [], params = [] } = body
    const run = this.find(body.run_id)
    if (metrics.length > 1000 || params.length > 100) {
      throw new ApiError(400, 'INVALID_PARAMETER_VALUE', 'too many at once')
    }
    for (const { key } of [...metrics, ...params]) {
      if (!/^[\w\-./: ]{1,250}$/.test(key))
        throw new ApiError(400, 'INVALID_PARAMETER_VALUE', `the name ${key}`)
    }
    for (const { key, value } of params) run.params[key] = value
    for (const metric of metrics) {
      // What is sent again is known by all that it has.
      const known = `${run.id} ${JSON.stringify(metric)}`
      if (!this.known.has(known)) run.metrics.push(metric)
      this.known.add(known)
    }
  }

  private answer({ id, name, metrics, params }: RunRecord): object {
    const latest = new Map<string, Metric>()
    for (const metric of metrics) {
      if (metric.step >= (latest.get(metric.key)?.step ?? 0)) latest.set(metric.key, metric)
    }
    return {
      info: { run_id: id, run_name: name },
      data: {
        metrics: [...latest.values()],
        params: Object.entries(params).map(([key, value]) => ({ key, value })),
      },
    }
  }
}
