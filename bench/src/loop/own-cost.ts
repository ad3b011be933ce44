/** What the trainer itself costs: on a backend without tensors, with next to nothing to compute. */
import type { Hook } from '@hookstep/catalogue'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { watching } from './watching.ts'

/** Microseconds per step without hooks, over a whole run. */
export async function timeOwnCost(steps: number): Promise<number> {
  return timed(steps, [])
}

/** The same with a progress bar and a journal. */
export async function timeWatched(steps: number): Promise<number> {
  return watching((hooks) => timed(steps, hooks))
}

async function timed(steps: number, hooks: readonly Hook[]): Promise<number> {
  const trainer = new Trainer({ backend: plainBackend(), data: line(), steps, batchSize: 1, hooks })
  const { seconds } = await trainer.train()
  await trainer.close()
  return (1e6 * seconds) / steps
}
