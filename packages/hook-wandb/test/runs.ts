import { every, type Hook, type Run, train } from '@hookstep/catalogue'
import type { Event } from '@hookstep/core'
import { type LogRecord, readLog } from '@hookstep/hook-wandb'
import { diskFolder, type Wandb, type WandbOptions, wandb } from '@hookstep/hook-wandb/node'
import { line, plainBackend } from '@hookstep/testing'
import { type RunSummary, Trainer, type TrainerOptions } from '@hookstep/trainer'

/** 64 samples in steps of 8, two epochs; a log every 4 steps, an evaluation of two batches after each epoch. */
const small: Omit<TrainerOptions, 'hooks'> = {
  backend: plainBackend(),
  data: line({ samples: 64 }),
  batchSize: 8,
  epochs: 2,
  learningRate: 0.05,
  log: every('4 steps'),
  evaluate: { data: line({ samples: 16, seed: 1 }) },
}

export async function trainWith(
  hooks: readonly Hook[],
  options: Partial<TrainerOptions> = {},
): Promise<RunSummary> {
  await using trainer = new Trainer({ ...small, ...options, hooks })
  return await trainer.train()
}

/** The hook, offline. */
export function offline(dir: string, options: WandbOptions = {}): Wandb {
  return wandb({ mode: 'offline', dir, console: false, ...options })
}

/** The records of a run, in their order. */
export async function recordsOf(hook: Wandb): Promise<LogRecord[]> {
  return recordsIn(hook.folder ?? '', hook.id ?? '')
}

export async function recordsIn(folder: string, id: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for await (const { record } of readLog(diskFolder(folder), `run-${id}.wandb`)) {
    if (record !== undefined) records.push(record)
  }
  return records
}

type RowOf = Readonly<Record<string, unknown>>

/** The rows of a run. What JSON has no number for is a text here. */
export function rowsOf(records: readonly LogRecord[]): RowOf[] {
  return records.flatMap((record) => {
    if (record.type !== 'history') return []
    return [Object.fromEntries(record.items.map(({ key, json }) => [String(key), parsed(json)]))]
  })
}

/** The rows without what the clock says, and without their numbers, which must be those of their places. */
export function toldBy(records: readonly LogRecord[]): RowOf[] {
  return rowsOf(records).map(({ _timestamp, _runtime, _step, ...row }, at) => {
    if (_step !== at) throw new Error(`row ${at} has the number ${_step}`)
    return row
  })
}

function parsed(json: string): unknown {
  return /^(NaN|-?Infinity)$/.test(json) ? json : (JSON.parse(json) as unknown)
}

/** A hook that does something at an event. */
export function at<Context extends object>(
  event: Event<Context>,
  act: (context: Context, run: Run) => unknown,
  name: string = `at ${event.id}`,
): Hook {
  return {
    name,
    setup(run) {
      run.subscribe(event, (context) => act(context, run))
    },
  }
}

/** Does something at a step, once. */
export function atStep(step: number, act: (run: Run) => unknown): Hook {
  return at(train.step.pre, (context, run) => (context.step === step ? act(run) : undefined), `step ${step}`)
}
