import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Hour } from './log-calls.ts'

/** A W&B server on another thread: what it does is not the training's. */
export interface ServerThread {
  readonly url: string
  readonly apiKey: string
  close(): Promise<void>
}

export async function startServerThread(hour: Hour): Promise<ServerThread> {
  const workerData = { module: import.meta.resolve('@hookstep/testing/wandb-server'), hour }
  const worker = new Worker(otherSide, { eval: true, workerData })
  const [{ url, apiKey }] = (await once(worker, 'message')) as [{ url: string; apiKey: string }]
  return { url, apiKey, close: async () => void (await worker.terminate()) }
}

const otherSide = `
  const { parentPort, workerData: { module, hour } } = require('node:worker_threads')
  import(module).then(async ({ startWandbServer }) => {
    const server = await startWandbServer()
    if (hour === 'server slow') server.fail({ shows: 'slow', delayMs: 60_000 })
    if (hour === 'server gone') await server.leave()
    parentPort.postMessage({ url: server.url, apiKey: server.apiKey })
    if (hour === 'server gone') setInterval(() => {}, 60_000)
  })
`
