/** What the trainer itself costs: on a backend without tensors, with next to nothing to compute. */
import type { Hook } from '@hookstep/catalogue'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { flags } from '../frame/flags.ts'
import { watching } from './watching.ts'

const runs = flags.quick ? 2 : 20
const steps = flags.quick ? 100 : 2_000

/** Microseconds per step without hooks. */
export async function timeOwnCost(): Promise<number> {
  return least(() => timed([]))
}

/** The same with a progress bar and a journal. */
export async function timeWatched(): Promise<number> {
  return least(() => watching(timed))
}

/** Of several runs in one process, so that the compiler settles and a slow moment does not decide. */
async function least(run: () => Promise<number>): Promise<number> {
  let microseconds = Number.POSITIVE_INFINITY
  for (let count = 0; count < runs; count++) microseconds = Math.min(microseconds, await run())
  return microseconds
}

async function timed(hooks: readonly Hook[]): Promise<number> {
  const trainer = new Trainer({ backend: plainBackend(), data: line(), steps, batchSize: 1, hooks })
  const { seconds } = await trainer.train()
  await trainer.close()
  return (1e6 * seconds) / steps
}
