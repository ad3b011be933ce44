/** What the tests of the hook call in a page. */
import { every } from '@hookstep/catalogue'
import { checkpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { type LogRecord, readLog } from '@hookstep/hook-wandb'
import { opfsFolder, sync, type Wandb, type WandbOptions, wandb } from '@hookstep/hook-wandb/browser'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import type { Kept } from './kept.ts'

export { sync }

const store = memoryStore()

/** Trains for so many steps, a row each, from the last checkpoint of this page; one is taken every 500. */
export async function train(options: WandbOptions, steps: number): Promise<Kept> {
  const hook = wandb({ project: 'digits', ...options })
  await using trainer = new Trainer({
    backend: plainBackend(),
    data: line({ samples: 64 }),
    batchSize: 8,
    steps,
    log: every('1 step'),
    hooks: [checkpoint({ store, when: every('500 steps') }), hook],
  })
  const { warnings } = await trainer.train()
  return { ...(await kept(hook)), warnings }
}

async function kept({ id = '', folder = '' }: Wandb): Promise<Omit<Kept, 'warnings'>> {
  const records: LogRecord[] = []
  for await (const { record } of readLog(opfsFolder(folder.replace('opfs:/', '')), `run-${id}.wandb`)) {
    if (record !== undefined) records.push(record)
  }
  const steps = records.flatMap((record) => (record.type === 'history' ? [stepOf(record.items)] : []))
  const last = records.at(-1)
  return { id, folder, steps, exitCode: last?.type === 'exit' ? last.exitCode : undefined }
}

function stepOf(
  items: readonly { readonly key: string | readonly string[]; readonly json: string }[],
): number {
  return Number(items.find(({ key }) => key === 'trainer/step')?.json)
}
