import { every, type Hook, inference } from '@hookstep/catalogue'
import { type CheckpointStore, checkpoint, loadCheckpoint, memoryStore } from '@hookstep/hook-checkpoint'
import { line, plainBackend, recordTrace } from '@hookstep/testing'
import { Inference } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { listCheckpoints } from '../src/listing.ts'
import { at, failure, trainWith } from './runs.ts'

test('an inference begins from any checkpoint, and goes on where it was interrupted', async () => {
  const training = memoryStore()
  await trainWith([checkpoint({ store: training, when: every('4 steps') })])
  const whole = await infer(training, [])

  const store = memoryStore()
  const saving = (): Hook => checkpoint({ store, when: every('2 steps', { last: true }) })
  const failing = at(inference.step.pre, ({ step }) => {
    if (step === 6) throw new Error('interrupted')
  })
  const first: number[] = []
  expect(await failure(infer(training, [saving(), failing], first))).toContain('interrupted')
  const trace = recordTrace({ only: ['checkpoint', 'inference.ready', 'inference.finished'], indent: false })
  const second = await infer(training, [trace, saving()])
  expect([...first.slice(0, 4 * 8), ...second]).toEqual(whole)
  expect(trace.lines).toEqual([
    'inference.ready 4',
    'checkpoint.pre 6',
    'checkpoint.committed 6',
    'checkpoint.pre 8',
    'checkpoint.committed 8',
    'inference.finished 8',
  ])
})

test('a checkpoint is loaded while a run saves, and removes the one that is about to be read', async () => {
  const store = memoryStore()
  await trainWith([checkpoint({ store, when: every('4 steps') })], { steps: 8 })
  let isSaved = false
  const shared: CheckpointStore = {
    ...store,
    list: async () => (await store.list()).filter((name) => isSaved || name === 'step-00000004'),
    async open(name) {
      if (!isSaved) await store.remove('step-00000004')
      isSaved = true
      return store.open(name)
    },
  }
  expect((await loadCheckpoint(shared)).step).toBe(8)
})

test('training and inference in one place are kept apart', async () => {
  const store = memoryStore()
  const keep = { last: 1 }
  await trainWith([checkpoint({ store, when: every('4 steps'), keep })])
  await infer(store, [checkpoint({ store, keep })])
  await trainWith([checkpoint({ store, keep })])
  const { manifests } = await listCheckpoints(store)
  expect(manifests.map(({ kind, name, step }) => [kind, name, step])).toEqual([
    ['inference', 'step-00000008', 8],
    ['train', 'step-00000016', 16],
  ])
  expect((await loadCheckpoint(store)).step).toBe(16)
  expect(await failure(loadCheckpoint(store, 'step-00000008'))).toBe(
    'memory/step-00000008 is of kind inference; this takes one of kind train',
  )
  expect(await failure(loadCheckpoint(store, 'step-00000061'))).toBe(
    'memory has no checkpoint "step-00000061"; the names most like it are step-00000016, step-00000008',
  )
  expect(await failure(loadCheckpoint(memoryStore()))).toBe('memory has no checkpoint of a training run')
})

/** The outputs of an inference in 8 steps, with the newest parameters. */
async function infer(
  from: CheckpointStore,
  hooks: readonly Hook[],
  outputs: number[] = [],
): Promise<readonly number[]> {
  await using run = new Inference({
    backend: plainBackend({ layers: [1, 3, 1] }),
    data: line({ samples: 64, seed: 2 }),
    batchSize: 8,
    from: await loadCheckpoint(from),
    hooks,
  })
  await run.run((output) => outputs.push(...Array.from(output.outputs.data)))
  return outputs
}
