/** A state of plain arrays, saved and loaded by the hook in runs of a few steps: what matters is where it goes. */
import { checkpoint as events, every, type Hook } from '@hookstep/catalogue'
import { checkpoint, loadCheckpoint } from '@hookstep/hook-checkpoint/node'
import { line } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { flags } from '../frame/flags.ts'
import { dropCache, inFolder, leastTime, settleDisk } from './disk.ts'
import { GivenState } from './given-state.ts'

const saves = flags.quick ? 1 : 3

/** Milliseconds from when the state is copied to when it is durable. */
export async function timeSave(megabytes: number): Promise<number> {
  const state = new GivenState(megabytes)
  const times: number[] = []
  await inFolder((folder) =>
    savedTo(folder, state, () => {
      times.push(performance.now() - state.copiedAt)
      return dropCache(folder)
    }),
  )
  return Math.min(...times)
}

/** Megabytes that the process has at most while it saves, over what it had before. */
export async function memoryOfSave(megabytes: number): Promise<number> {
  const state = new GivenState(megabytes)
  await inFolder((folder) => savedTo(folder, state, () => {}))
  return (process.resourceUsage().maxRSS * 1024 - state.memoryBefore) / 1e6
}

/** Milliseconds that it takes to load and verify the newest. */
export function timeLoad(megabytes: number): Promise<number> {
  return inFolder(async (folder) => {
    await savedTo(folder, new GivenState(megabytes), () => {})
    return leastTime(async () => {
      await dropCache(folder)
      const start = performance.now()
      await loadCheckpoint(folder)
      return performance.now() - start
    })
  })
}

/** Each is durable, and told of, before the next is taken. None is removed meanwhile. */
async function savedTo(folder: string, state: GivenState, committed: () => unknown): Promise<void> {
  settleDisk()
  await using trainer = new Trainer({
    backend: state.backend,
    data: line(),
    steps: saves,
    hooks: [
      checkpoint({ folder, when: every('1 step', { last: true }), keep: { last: saves }, signals: {} }),
      telling(committed),
    ],
  })
  await trainer.train()
}

function telling(committed: () => unknown): Hook {
  return {
    name: 'telling',
    setup(run) {
      run.subscribe(events.committed, committed)
    },
  }
}
