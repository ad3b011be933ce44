import { checkpoint as checkpointEvents, every, type Hook, never, train } from '@hookstep/catalogue'
import { type CheckpointStore, checkpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { inMemoryGroup, type RunSummary, type TrainerOptions } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'
import { listCheckpoints } from '../src/listing.ts'
import {
  at,
  atStep,
  counting,
  damage,
  failure,
  type LastState,
  lastState,
  learnedBy,
  trainWith,
  watched,
} from './runs.ts'

describe('on two ranks', () => {
  test('each goes on with its own, to the same bits', async () => {
    const store = memoryStore()
    const uninterrupted = [lastState(), lastState()]
    await onTwoRanks((rank) => [counting(), uninterrupted[rank] as LastState])
    const stopping = atStep(4, (run) => run.stop('enough'))
    await onTwoRanks((rank) => [counting(), saving(store), ...(rank === 1 ? [stopping] : [])])
    const resumed = [lastState(), lastState()]
    await onTwoRanks((rank) => [counting(), saving(store), resumed[rank] as LastState])
    expect(resumed.map(learnedBy)).toEqual(uninterrupted.map(learnedBy))
    expect([await names(store.within('rank-0')), await names(store.within('rank-1'))]).toEqual([
      ['step-00000008', 'step-00000006', 'step-00000004'],
      ['step-00000008', 'step-00000006', 'step-00000004'],
    ])
  })

  test('are saved within a step where one is told to go, and go on from there', async () => {
    const store = memoryStore()
    const uninterrupted = [lastState(), lastState()]
    await onTwoRanks((rank) => [counting(), uninterrupted[rank] as LastState])
    const leaving = at(train.microbatch.post, ({ step, microbatch }, run) => {
      if (step !== 4 || microbatch !== 1) return
      run.save('told to go', { now: true })
      run.stop('told to go', { now: true })
    })
    const summaries = await onTwoRanks((rank) => [
      counting(),
      saving(store),
      ...(rank === 1 ? [leaving] : []),
    ])
    expect(summaries.map(({ outcome, steps }) => [outcome, steps])).toEqual([
      ['stopped', 3],
      ['stopped', 3],
    ])
    const resumed = [lastState(), lastState()]
    await onTwoRanks((rank) => [counting(), saving(store), resumed[rank] as LastState])
    expect(resumed.map(learnedBy)).toEqual(uninterrupted.map(learnedBy))
  })

  test('go on from the newest that both have', async () => {
    const store = memoryStore()
    await onTwoRanks(() => [saving(store)])
    const [first, second] = [store.within('rank-0'), store.within('rank-1')]
    await second.remove('step-00000008')
    await damage(first, 'step-00000006')
    const began: string[] = []
    const looking = at(train.ready, ({ progress, distributed }) => {
      began.push(`rank ${distributed.rank} at step ${progress.step}`)
    })
    await onTwoRanks(() => [saving(store, never), looking])
    expect(began.sort()).toEqual(['rank 0 at step 4', 'rank 1 at step 4'])
    // What one alone has, none can go on from: it goes. What is damaged stays, for somebody to look at.
    expect([await names(first), await names(second)]).toEqual([
      ['step-00000006', 'step-00000004'],
      ['step-00000004'],
    ])
  })

  test('have one in common wherever a rank is ended within its save', async () => {
    const store = memoryStore()
    for (let ended = 1; ended <= 4; ended++) {
      const failing = watched(store, (name) => {
        if (name === `rank-1/step-0000000${2 * ended}`) throw new Error('ended')
      })
      expect(await failure(onTwoRanks(() => [saving(failing)]))).toContain('ended')
      const [first, second] = [await names(store.within('rank-0')), await names(store.within('rank-1'))]
      const common = first.filter((name) => second.includes(name))
      expect(common[0]).toBe(ended === 1 ? undefined : `step-0000000${2 * ended - 2}`)
    }
  })

  test('begin afresh where one was ended within its first save', async () => {
    const store = memoryStore()
    await onTwoRanks(() => [saving(store)], { steps: 2 })
    await store.within('rank-1').remove('step-00000002')
    const [summary] = await onTwoRanks(() => [saving(store)], { steps: 2 })
    expect(summary).toMatchObject({ steps: 2, warnings: [] })
  })

  test('do not begin afresh where one has lost what it had', async () => {
    const store = memoryStore()
    await onTwoRanks(() => [saving(store)])
    for (const name of await store.within('rank-1').list()) await store.within('rank-1').remove(name)
    expect(await failure(onTwoRanks(() => [saving(store)]))).toContain(
      'a rank has no checkpoint, while another has',
    )
  })

  test("do not go on with another rank's", async () => {
    const store = memoryStore()
    await onTwoRanks(() => [saving(store)])
    const swapped = {
      ...store,
      within: (name: string) => store.within(name === 'rank-0' ? 'rank-1' : 'rank-0'),
    }
    const warnings: unknown[] = []
    const rejections = at(checkpointEvents.rejected, ({ distributed, reason }) => {
      warnings.push(`rank ${distributed.rank}: ${reason}`)
    })
    expect(await failure(onTwoRanks(() => [saving(swapped), rejections]))).toContain(
      'none of the 3 checkpoints in memory/rank-1 can be used',
    )
    expect(await failure(onTwoRanks(() => [saving(swapped, never, 'step-00000008')]))).toContain(
      'it is that of rank',
    )
    expect([...new Set(warnings)].sort()).toEqual([
      'rank 0: it is that of rank 1, this is rank 0',
      'rank 1: it is that of rank 0, this is rank 1',
    ])
  })

  test('refuse to go on as another number of ranks', async () => {
    const [alone, together] = [memoryStore(), memoryStore()]
    await trainWith([checkpoint({ store: alone })], { epochs: 1 })
    await onTwoRanks(() => [saving(together)])
    expect(await failure(onTwoRanks(() => [saving(alone)]))).toContain(
      'of a run on one rank, this run has 2 ranks',
    )
    expect(await failure(trainWith([checkpoint({ store: together })]))).toContain(
      'of a run on 2 ranks, this run has one rank',
    )
  })
})

function saving(store: CheckpointStore, when = every('2 steps', { last: true }), resume = 'auto'): Hook {
  return checkpoint({ store, when, resume })
}

/** Eight steps. */
async function onTwoRanks(
  hooks: (rank: number) => readonly Hook[],
  options: Partial<TrainerOptions> = {},
): Promise<RunSummary[]> {
  const runs = inMemoryGroup(2).map((distributed, rank) =>
    trainWith(hooks(rank), { distributed, batchSize: 2, steps: 8, ...options }),
  )
  // Both come to their ends, also where one fails before the other.
  await Promise.allSettled(runs)
  return Promise.all(runs)
}

async function names(store: CheckpointStore): Promise<string[]> {
  return (await listCheckpoints(store)).manifests.map(({ name }) => name)
}
