import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { type Hook, type RunState, train } from '@hookstep/catalogue'
import { beforeEach, expect, test, vi } from 'vitest'
import { at, trainWith } from './runs.ts'

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
})

/** Keeps the steps that it has seen. */
class Diary extends TrainerCallback {
  steps: readonly number[] = []
  override async onStepEnd({ step }: TrainingContext): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.steps = [...this.steps, step]
  }
  override saveState(): readonly number[] {
    return this.steps
  }
  override loadState(steps: readonly number[]): void {
    this.steps = steps
  }
}

class Stateless extends TrainerCallback {
  override onStepEnd(): void {}
}

/** Saves the state at step 2. */
function saving(states: RunState[]): Hook {
  return at(train.checkpoint, async ({ step, capture }) => {
    if (step === 2) states.push(await capture())
  })
}

function restoring([state]: readonly RunState[]): Hook {
  return at(train.restore, ({ restore }) => restore(state as RunState))
}

test.each([{}, { inline: true as const }])('a callback goes on where it was, with %o', async (options) => {
  const states: RunState[] = []
  await trainWith([callbacks([new Diary(), Stateless, new Diary()], options), saving(states)])
  // What was still to be told by then is in it: a checkpoint waits for the queues.
  expect(states[0]?.hooks.callbacks?.state).toEqual({ Diary: [1, 2], 'Diary#2': [1, 2] })

  const resumed = [new Diary(), new Diary()]
  const { warnings } = await trainWith([callbacks(resumed, options), restoring(states)])
  expect(resumed.map(({ steps }) => steps)).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ])
  expect(warnings).toEqual([])
})

test('callbacks without a state keep none', async () => {
  const states: RunState[] = []
  await trainWith([callbacks([Stateless]), saving(states)])
  const { warnings } = await trainWith([callbacks([Stateless]), restoring(states)])
  expect([states[0]?.hooks, warnings]).toEqual([{}, []])
})

test('a callback without a saved state starts fresh, and a state without a callback is not used', async () => {
  const states: RunState[] = []
  await trainWith([callbacks([new Diary()]), saving(states)])
  class OtherDiary extends Diary {}
  const other = new OtherDiary()
  const { warnings } = await trainWith([callbacks([other]), restoring(states)])
  expect(other.steps).toEqual([3, 4])
  expect(warnings).toEqual([
    'callbacks: no state was saved for OtherDiary: it starts fresh',
    'callbacks: the saved state of Diary is not used: no callback of that name keeps one',
  ])
})

test('a callback that keeps a state cannot come later', async () => {
  const hook = callbacks([Stateless])
  const late = at(train.step.post, () => void hook.add(new Diary()))
  await expect(trainWith([hook, late])).rejects.toThrow(
    'Diary keeps a state: add it before the run, which restores it',
  )
})
