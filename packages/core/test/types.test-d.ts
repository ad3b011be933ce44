// biome-ignore-all lint/nursery/noFloatingPromises: nothing runs here
import { describe, expectTypeOf, it } from 'vitest'
import {
  defineEvent,
  definePhase,
  type Event,
  EventBus,
  type Hook,
  subscribe,
  type Unsubscribe,
} from '../src/index.ts'

const bus = new EventBus()
const paused = defineEvent<{ step: number }>('test.paused')
const step = definePhase<{ step: number }>('test.step')

describe('the type of a context', () => {
  it('travels from the event to its handlers', () => {
    bus.subscribe(paused, (context) => expectTypeOf(context).toEqualTypeOf<{ step: number }>())
    bus.subscribe(step.post, ({ step }) => expectTypeOf(step).toBeNumber(), {
      when: ({ step }) => step > 1,
    })
  })

  it('is what must be delivered', () => {
    bus.trigger(paused, { step: 1 })
    // @ts-expect-error step is missing
    bus.trigger(paused, {})
    // @ts-expect-error step is a number
    bus.trigger(paused, { step: '1' })
    // @ts-expect-error loss is not of this context
    bus.trigger(paused, { step: 1, loss: 2 })
  })

  it('refuses handlers and conditions of another', () => {
    // @ts-expect-error there is no loss in this context
    bus.subscribe(paused, ({ loss }) => loss)
    // @ts-expect-error step is no string
    bus.subscribe(paused, (context: { step: string }) => context)
    // @ts-expect-error there is no loss in this context
    bus.subscribe(paused, () => {}, { when: ({ loss }) => loss > 0 })
  })

  it('lets handlers ask for less, or for nothing', () => {
    bus.subscribe(paused, () => {})
    bus.subscribe(paused, (context: object) => context)
    bus.subscribe(paused, async ({ step }) => step)
  })

  it('is an object', () => {
    // @ts-expect-error a string cannot grow
    defineEvent<string>('test.paused')
  })

  it('is the same for an event of another copy of this package', () => {
    interface EventOfACopy<Context extends object> {
      readonly id: string
      readonly '~context'?: () => Context
    }
    const ofACopy = paused as EventOfACopy<{ step: number }>
    bus.subscribe(ofACopy, (context) => expectTypeOf(context).toEqualTypeOf<{ step: number }>())
    expectTypeOf(paused).toExtend<Event<object>>()
  })
})

describe('a phase', () => {
  it('is no event', () => {
    // @ts-expect-error subscribe to step.pre or step.post
    bus.subscribe(step, () => {})
    // @ts-expect-error trigger step.pre or step.post
    bus.trigger(step, { step: 1 })
  })

  it('bounds a body and gives back its result, promised where anything waits', () => {
    const { bounded } = bus
    expectTypeOf(bounded(step, { step: 1 }, () => 7)).toEqualTypeOf<number | Promise<number>>()
    expectTypeOf(bounded(step, { step: 1 }, async () => 7)).toEqualTypeOf<Promise<number>>()
    // @ts-expect-error step is missing
    bus.bounded(step, {}, () => 7)
  })
})

describe('what comes back', () => {
  it('of trigger may be awaited', () => {
    expectTypeOf(bus.trigger(paused, { step: 1 })).toEqualTypeOf<void | Promise<void>>()
  })

  it('of subscribe is a function and a Disposable', () => {
    expectTypeOf(bus.subscribe(paused, () => {})).toEqualTypeOf<Unsubscribe>()
    expectTypeOf<Unsubscribe>().toExtend<Disposable>()
    expectTypeOf<Unsubscribe>().toExtend<() => void>()
  })
})

describe('a hook', () => {
  it('is given the run it is made for', () => {
    const hook: Hook<EventBus> = {
      name: 'greeter',
      setup: (run) => run.subscribe(paused, () => {}),
    }
    expectTypeOf(hook.setup).parameter(0).toEqualTypeOf<EventBus>()
  })

  it('returns a cleanup, or nothing', () => {
    // @ts-expect-error a number cleans nothing up
    const hook: Hook<EventBus> = { name: 'greeter', setup: () => 7 }
    return hook
  })
})

describe('@subscribe', () => {
  it('marks methods that take the context, as a standard decorator', () => {
    class Greeter {
      @subscribe(paused)
      greet({ step }: { step: number }): number {
        return step
      }

      @subscribe(step.pre)
      @subscribe(step.post)
      async silent(): Promise<void> {}

      // @ts-expect-error there is no loss in this context
      @subscribe(paused)
      other({ loss }: { loss: number }): number {
        return loss
      }

      // @ts-expect-error not a method
      @subscribe(paused)
      field = 7
    }
    return Greeter
  })

  it('marks methods that take the context, as a legacy decorator', () => {
    const mark = subscribe(paused)
    const descriptor = { value: ({ step }: { step: number }) => step }
    expectTypeOf(mark).toBeCallableWith({}, 'greet', descriptor)
    expectTypeOf(mark).toBeCallableWith({}, Symbol('greet'), { value: () => {} })
    // @ts-expect-error there is no loss in this context
    mark({}, 'greet', { value: ({ loss }: { loss: number }) => loss })
    // @ts-expect-error not a method
    mark({}, 'field')
  })
})
