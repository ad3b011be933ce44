import { callbacks, TrainerCallback, type TrainingContext } from '@hookstep/callbacks'
import { train } from '@hookstep/catalogue'
import { EventBus } from '@hookstep/core'
import { catalogueEvents } from '@hookstep/testing'
import { expect, test } from 'vitest'
import { at, trainWith } from './runs.ts'

class Steps extends TrainerCallback {
  readonly seen: number[] = []
  override onStepEnd({ step }: TrainingContext): void {
    this.seen.push(step)
  }
}

class MoreSteps extends Steps {}

class Optimizing extends TrainerCallback {
  readonly seen: number[] = []
  override onPreOptimizerStep({ step }: TrainingContext): void {
    this.seen.push(step)
  }
}

/** Events of the run within a step that the hook listens to. */
function followedWithinSteps(bus: EventBus): string[] {
  return [...catalogueEvents().values()]
    .filter((event) => bus.subscribers(event).includes('callbacks'))
    .map(({ id }) => id)
    .filter((id) => /train\.(step|batch|microbatch|forward_backward|optimizer_step)\./.test(id))
}

test('only methods that are overridden are subscribed to, and only while they are there', async () => {
  const bus = new EventBus()
  const followed: string[][] = []
  const hook = callbacks([Steps])
  const changing = at(train.step.pre, ({ step }) => {
    followed.push(followedWithinSteps(bus))
    if (step === 1) hook.add(Optimizing)
    if (step === 2) hook.remove(Steps)
    if (step === 3) hook.remove(Optimizing)
  })
  await trainWith([hook, changing], { bus })
  expect(followed).toEqual([
    ['train.step.post'],
    ['train.step.post', 'train.optimizer_step.pre'].sort().reverse(),
    ['train.optimizer_step.pre'],
    [],
  ])
})

test.each([{}, { inline: true as const }])(
  'callbacks come and go while the run goes on, with %o',
  async (options) => {
    const [first, second, later] = [new Steps(), new MoreSteps(), new Optimizing()]
    const hook = callbacks([first], options)
    const changing = at(train.step.pre, ({ step }) => {
      if (step === 2) hook.add(second)
      if (step === 3) {
        hook.add(later)
        hook.remove(first)
      }
    })
    await trainWith([hook, changing])
    expect([first.seen, second.seen, later.seen]).toEqual([
      [1, 2],
      [2, 3, 4],
      [3, 4],
    ])
    expect(hook.list).toEqual([second, later])
  },
)

test('what a callback has been told of before it was removed, it still gets', async () => {
  const first = new Steps()
  const hook = callbacks([first])
  // In one turn of the event loop, so that its queue has not had one.
  await trainWith([hook, at(train.step.post, () => void hook.remove(first))], { epochs: 1 })
  expect(first.seen).toEqual([1])
})

test('a class is removed with all that are of it', () => {
  const [one, other, optimizing] = [new Steps(), new MoreSteps(), new Optimizing()]
  const hook = callbacks([one, optimizing, other])
  expect(hook.remove(Steps)).toEqual([one, other])
  expect(hook.remove(Steps)).toEqual([])
  expect(hook.list).toEqual([optimizing])
})

test('runs of their own can share the hook', async () => {
  const steps = new Steps()
  const hook = callbacks([steps])
  await Promise.all([trainWith([hook]), trainWith([hook], { epochs: 1 })])
  expect(steps.seen.sort()).toEqual([1, 1, 2, 2, 3, 4])
})

test('what cannot be called is refused at once', () => {
  class Nothing extends TrainerCallback {}
  class Half extends Steps {
    override saveState(): null {
      return null
    }
  }
  const steps = new Steps()
  expect(() => callbacks([steps, steps])).toThrow('this Steps is there already')
  expect(() => callbacks([Nothing])).toThrow('Nothing has none of the methods onTrainBegin, onEpochBegin')
  expect(() => callbacks([new Half()])).toThrow(
    'Half needs both saveState() and loadState(state), or neither',
  )
  expect(() => callbacks([undefined as never])).toThrow('undefined is no callback; give new MyCallback()')
  expect(() => callbacks([{ onBatchEnd() {} } as never])).toThrow('Object has none of the methods')
  expect(() => callbacks(steps as never)).toThrow(
    new TypeError('callbacks: give a list of callbacks, as in callbacks([new MyCallback()])'),
  )
})

test('a class that takes arguments is made by its user', () => {
  class Named extends Steps {
    readonly label: string
    constructor(label: string) {
      super()
      this.label = label
    }
  }
  const named = new Named('steps')
  // @ts-expect-error: nobody would give it its label
  callbacks([Named])
  const hook = callbacks([named])
  expect(hook.remove(Named)).toEqual([named])
})

test('a class that cannot be made without arguments is refused with what to give instead', () => {
  class Shouting extends Steps {
    readonly label: string
    constructor(label: string) {
      super()
      this.label = label.toUpperCase()
    }
  }
  expect(() => callbacks([Shouting as never])).toThrow(
    /^callbacks: new Shouting\(\) failed: TypeError: .*toUpperCase.*; of a class that takes arguments, give one that is made: new Shouting\(…\)$/,
  )
})

test('two hooks of callbacks go by two names', async () => {
  const [one, other] = [new Steps(), new Steps()]
  await expect(trainWith([callbacks([one]), callbacks([other])])).rejects.toThrow(
    'two hooks are named "callbacks"',
  )
  await trainWith([callbacks([one]), callbacks([other], { name: 'more-callbacks' })])
  expect([one.seen, other.seen]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ])
})

test('callbacks come and go while the run is being set up', async () => {
  const [first, later] = [new Steps(), new MoreSteps()]
  const hook = callbacks([first])
  const running = trainWith([hook])
  hook.add(later)
  hook.remove(first)
  await running
  expect([first.seen, later.seen]).toEqual([[], [1, 2, 3, 4]])
})
