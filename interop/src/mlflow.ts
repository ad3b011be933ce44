import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { every, type Hook, metrics, type RunState, train } from '@hookstep/catalogue'
import { mlflow } from '@hookstep/hook-metrics'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer, type TrainerOptions } from '@hookstep/trainer'
import { type Check, Mismatch } from './check.ts'
import { type Python, preparePython, Unavailable } from './python.ts'

type Series = Record<string, [step: number, value: number | string][]>

/** A run that was stopped and went on from an earlier checkpoint, sent to the real server. */
export const mlflowServer: Check = {
  name: 'mlflow',
  async run() {
    const python = await preparePython('mlflow')
    const folder = await mkdtemp(join(tmpdir(), 'hookstep-interop-'))
    const server = await start(python, folder)
    try {
      const sent = await trainWith(server.url)
      return compare(sent, JSON.parse(await python.run('read_mlflow.py', [server.url, 'interop'])) as Read[])
    } finally {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

const startMs = 120_000

async function start(python: Python, folder: string): Promise<{ url: string; stop(): Promise<void> }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const store = `sqlite:///${join(folder, 'mlflow.db')}`
  const server = spawn(
    python.executable,
    [
      '-m',
      'mlflow',
      'server',
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
      '--workers',
      '1',
      '--backend-store-uri',
      store,
    ],
    { cwd: folder, stdio: 'ignore', detached: true },
  )
  const stop = async (): Promise<void> => {
    if (server.pid === undefined || server.exitCode !== null) return
    const ended = once(server, 'exit')
    // With the processes that it has started.
    process.kill(-server.pid, 'SIGTERM')
    await ended
  }
  for (const until = Date.now() + startMs; Date.now() < until; await later(250)) {
    if (await isHealthy(url)) return { url, stop }
  }
  await stop()
  throw new Unavailable(`mlflow server did not answer within ${startMs / 1000} s`)
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const options: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend({ layers: [2, 3, 1] }),
  data: line({ samples: 64, inputs: 2 }),
  batchSize: 8,
  epochs: 50,
  log: every('1 step'),
  evaluate: { data: line({ samples: 16, inputs: 2, seed: 1 }) },
}

/** @returns what was told from the beginning to the end. */
async function trainWith(url: string): Promise<Series> {
  const sent: Series = {}
  const states: RunState[] = []
  const hook = (): Hook => mlflow({ url, experiment: 'interop', name: 'digits' })
  await new Trainer({ ...options, hooks: [hook(), odd, stopping(states)] }).train()
  await new Trainer({ ...options, hooks: [hook(), odd, resuming(states)] }).train()
  // An uninterrupted run tells the same.
  await new Trainer({ ...options, hooks: [odd, remembering(sent)] }).train()
  return sent
}

/** Names and numbers that not everybody takes. */
const odd: Hook = {
  name: 'odd',
  setup(run) {
    run.subscribe(train.step.post, ({ distributed, step, progress }) => {
      const values = { 'a,b (c)': Number.NaN, tiny: 1e-300 / step }
      return run.trigger(metrics.measured, { distributed, step, progress, source: 'odd', values })
    })
  },
}

function remembering(sent: Series): Hook {
  const addAll = (source: string, step: number, values: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(values)) {
      const key = `${source}/${name.replaceAll(/[(),]/g, '_')}`
      sent[key] = [...(sent[key] ?? []), [step, Number.isFinite(value) ? value : String(value)]]
    }
  }
  return {
    name: 'remembering',
    setup(run) {
      run.subscribe(train.log, ({ step, values }) => addAll('train', step, values))
      run.subscribe(metrics.measured, ({ source, step, values }) => addAll(source, step, values))
    },
  }
}

function stopping(states: RunState[]): Hook {
  return {
    name: 'stopping',
    setup(run) {
      run.subscribe(train.checkpoint, async ({ step, capture }) => {
        if (step === 200) states.push(structuredClone(await capture()))
      })
      run.subscribe(train.step.post, ({ step }) => step === 300 && run.stop('seen enough'))
    },
  }
}

function resuming(states: readonly RunState[]): Hook {
  return {
    name: 'resuming',
    setup(run) {
      run.subscribe(train.restore, ({ restore }) => restore(states[0] as RunState))
    },
  }
}

interface Read {
  readonly name: string
  readonly status: string
  readonly params: Readonly<Record<string, string>>
  readonly metrics: Series
}

function compare(sent: Series, [run, ...others]: readonly Read[]): string {
  if (run === undefined || others.length > 0) throw new Mismatch(`there are ${others.length + 1} runs`)
  const { name, status, params } = run
  if (name !== 'digits' || status !== 'FINISHED' || params.batchSize !== '8') {
    throw new Mismatch(`the run was read as ${JSON.stringify({ name, status, params })}`)
  }
  for (const [key, points] of Object.entries(sent)) {
    if (isDeepStrictEqual(run.metrics[key], points)) continue
    throw new Mismatch(
      `${key} was sent as ${JSON.stringify(points)} and read as ${JSON.stringify(run.metrics[key])}`,
    )
  }
  const count = Object.values(sent).flat().length
  return `a run of ${Object.keys(sent).length} metrics, resumed: ${count} numbers, each once`
}
