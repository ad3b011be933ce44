/** Log calls in a real run on a backend without tensors, in microseconds. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { every, type Hook, type LogContext, train } from '@hookstep/catalogue'
import { journal } from '@hookstep/hook-metrics/node'
import { wandb } from '@hookstep/hook-wandb/node'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { flags } from '../frame/flags.ts'
import { type ServerThread, startServerThread } from './server-thread.ts'

const steps = flags.quick ? 50 : 10_000

/** How the server is. */
export const hours = ['without a server', 'server well', 'server slow', 'server gone'] as const
export type Hour = (typeof hours)[number]
export type Watched = 'wandb' | 'journal'

/** @param share of the calls that take no longer than what is returned. */
export async function timeCalls(watched: Watched, hour: Hour, share: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'hookstep-bench-'))
  const server = await startServerThread(hour)
  try {
    const times: number[] = []
    await trainWith(timed(hookOf(watched, hour, folder, server), times))
    return times.sort((a, b) => a - b)[Math.floor(times.length * share)] as number
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function hookOf(watched: Watched, hour: Hour, folder: string, { url, apiKey }: ServerThread): Hook {
  if (watched === 'journal') return journal(join(folder, 'journal.jsonl'))
  const mode = hour === 'without a server' ? 'offline' : 'online'
  process.env.WANDB_SILENT = 'true'
  // That the server is gone is told at the end, ten times over.
  console.warn = () => {}
  // What is missing at the end is not waited for.
  return wandb({ mode, dir: folder, baseUrl: url, apiKey, console: false, drainMs: 0 })
}

/** The same hook, whose handler of logs is timed, and told of five metrics. */
function timed(hook: Hook, times: number[]): Hook {
  return {
    name: hook.name,
    setup: (run) => {
      const subscribe: typeof run.subscribe = (event, handler, options) => {
        if (event.id !== train.log.id) return run.subscribe(event, handler, options)
        return run.subscribe(
          event,
          (context) => {
            const told = withFive(context as unknown as LogContext)
            const began = performance.now()
            const result = handler(told as never)
            times.push((performance.now() - began) * 1_000)
            return result
          },
          options,
        )
      }
      return hook.setup(
        new Proxy(run, { get: (_, name) => (name === 'subscribe' ? subscribe : Reflect.get(run, name)) }),
      )
    },
  }
}

function withFive(context: LogContext): LogContext {
  const { loss = 0 } = context.values
  return {
    ...context,
    values: { loss, accuracy: 1 - loss, rate: 0.01, gradientNorm: loss * 3, perplexity: Math.exp(loss) },
  }
}

async function trainWith(hook: Hook): Promise<void> {
  const turns: Hook = {
    name: 'turns',
    // The event loop has its turn, as beside a device: what is done in the background is done meanwhile.
    setup: (run) =>
      void run.subscribe(train.step.post, () => new Promise((resolve) => setImmediate(resolve))),
  }
  const data = line({ samples: 64 })
  const log = every('1 step')
  await using trainer = new Trainer({
    backend: plainBackend(),
    data,
    steps,
    batchSize: 8,
    log,
    hooks: [hook, turns],
  })
  await trainer.train()
}
