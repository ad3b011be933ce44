import { every, type Hook } from '@hookstep/catalogue'
import { line, plainBackend } from '@hookstep/testing'
import type { WandbServer } from '@hookstep/testing/wandb-server'
import { type RunSummary, Trainer } from '@hookstep/trainer'
import { diskFolder } from '../../src/node/disk-folder.ts'
import { nodePlatform } from '../../src/node/platform.ts'
import { syncRun } from '../../src/online/sync.ts'
import { uploadAt } from '../../src/online/upload.ts'
import type { WandbOptions } from '../../src/options.ts'
import type { StartUpload } from '../../src/uploader.ts'
import { type Wandb, wandbOn } from '../../src/wandb.ts'
import { temporaryFolder } from '../processes.ts'
import { recordsOf, rowsOf } from '../runs.ts'
import { quick } from './quick.ts'

/** Rows of a run, where that many are worth their time: `WANDB_TEST_ROWS=10000` for all. */
export function rowCount(usual: number): number {
  return Number(process.env.WANDB_TEST_ROWS ?? usual)
}

/** A training that is over. */
export interface Trained {
  readonly hook: Wandb
  readonly summary: RunSummary
  /** Of its log. */
  readonly rows: readonly unknown[]
}

/** Trains for that many steps, each of them a row. What the process writes to its outputs is not kept. */
export async function trained(
  server: Pick<WandbServer, 'url' | 'apiKey'>,
  steps: number,
  {
    start = uploadAt(quick),
    hooks = [],
    print,
    ...options
  }: WandbOptions & { start?: StartUpload; hooks?: Hook[]; print?: (line: string) => void } = {},
): Promise<Trained> {
  const dir = options.dir ?? (await temporaryFolder())
  const address = { baseUrl: server.url, apiKey: server.apiKey }
  const platform = {
    ...nodePlatform(start),
    surroundings: async () => ({ environment: print ? {} : { WANDB_SILENT: 'true' } }),
    ...(print && { print }),
  }
  const hook = wandbOn(platform, {
    mode: 'online',
    console: false,
    project: 'digits',
    dir,
    ...address,
    ...options,
  })
  await using trainer = new Trainer({
    backend: plainBackend(),
    data: line({ samples: 8 }),
    batchSize: 8,
    epochs: steps,
    learningRate: 0.01,
    log: every('1 step'),
    hooks: [hook, ...hooks],
  })
  const summary = await trainer.train()
  // On a full disk there may be none.
  const records = await recordsOf(hook).catch(() => [])
  return { hook, summary, rows: rowsOf(records) }
}

/** Sends what is missing, as the command does. @returns how many rows that were. */
export function synced(
  server: Pick<WandbServer, 'url' | 'apiKey'>,
  { hook }: Pick<Trained, 'hook'>,
): Promise<number> {
  return syncedFolder(server, hook.folder as string, hook.id as string)
}

export function syncedFolder(
  { url, apiKey }: Pick<WandbServer, 'url' | 'apiKey'>,
  location: string,
  id: string,
): Promise<number> {
  const request = {
    address: { baseUrl: url, apiKey, entity: undefined, project: 'digits', id, resume: 'allow' as const },
    folder: diskFolder(location),
    log: `run-${id}.wandb`,
    warn: () => {},
    found: () => {},
    stop: () => {},
  }
  return syncRun(request, { ...quick, giveUpMs: 1_000 })
}
