// biome-ignore-all lint/nursery/noFloatingPromises: these deliveries are synchronous
// biome-ignore-all lint/suspicious/noThenProperty: a promise is what has a `then`
import { describe, expect, it } from 'vitest'
import { defineEvent, definePhase, EventBus } from '../src/index.ts'

describe('an event', () => {
  it('is its id: two values with one id are one event', () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.subscribe(defineEvent<{ step: number }>('test.paused'), ({ step }) => log.push(`paused at ${step}`))
    bus.trigger(defineEvent<{ step: number }>('test.paused'), { step: 3 })
    bus.trigger({ id: 'test.paused' }, { step: 4 })
    expect(log).toEqual(['paused at 3', 'paused at 4'])
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '0', ' ', 'π'])(
    'may be named %j, as anything else',
    (id) => {
      const bus = new EventBus()
      const event = defineEvent<{ step: number }>(id)
      const log: number[] = []
      expect([bus.hasSubscribers(event), bus.subscribers(event)]).toEqual([false, []])
      expect(bus.trigger(event, { step: 1 })).toBeUndefined()
      const unsubscribe = bus.subscribe(event, ({ step }) => log.push(step))
      bus.trigger(event, { step: 2 })
      unsubscribe()
      bus.trigger(event, { step: 3 })
      expect(log).toEqual([2])
    },
  )

  it('that closes is delivered to the last subscribed handler first', () => {
    const bus = new EventBus()
    const closed = defineEvent<object>('test.closed', { lastFirst: true })
    const log: string[] = []
    for (const name of ['first', 'second', 'third']) bus.subscribe(closed, () => log.push(name))
    bus.trigger(closed, {})
    expect(log).toEqual(['third', 'second', 'first'])
  })

  it('cannot be changed', () => {
    const phase = definePhase('test.step')
    expect([defineEvent('test.paused'), phase, phase.pre, phase.post].every(Object.isFrozen)).toBe(true)
  })

  it.each([
    ['', 'defineEvent(""): an id is a non-empty string'],
    [undefined, 'defineEvent("undefined"): an id is a non-empty string'],
  ])('has an id: %j is refused', (id, message) => {
    expect(() => defineEvent(id as string)).toThrow(new TypeError(message))
    expect(() => definePhase(id as string)).toThrow(new TypeError(message))
  })
})

describe('a phase', () => {
  it('is a pair of events', () => {
    const step = definePhase<{ step: number }>('test.step')
    expect(step).toEqual({ pre: { id: 'test.step.pre' }, post: { id: 'test.step.post' } })
  })
})

describe('bounded', () => {
  const step = definePhase<{ step: number }>('test.step')

  function logged(handlers: { readonly pre?: () => unknown; readonly post?: () => unknown } = {}) {
    const bus = new EventBus()
    const log: string[] = []
    for (const moment of ['pre', 'post'] as const) {
      bus.subscribe(step[moment], ({ step }) => {
        log.push(`${moment} ${step}`)
        return handlers[moment]?.()
      })
    }
    const body = () => {
      log.push('body')
      return 'result'
    }
    return { bus, log, body }
  }

  it('delivers pre, runs the body, delivers post and returns the result, at once', () => {
    const { bus, log, body } = logged()
    expect(bus.bounded(step, { step: 1 }, body)).toBe('result')
    expect(log).toEqual(['pre 1', 'body', 'post 1'])
  })

  it('needs nobody to listen', () => {
    expect(new EventBus().bounded(step, { step: 1 }, () => 7)).toBe(7)
  })

  const later = async () => {}
  it.each<[string, Parameters<typeof logged>[0], () => unknown]>([
    ['pre', { pre: later }, () => 'result'],
    ['the body', {}, async () => 'result'],
    ['post', { post: later }, () => 'result'],
    ['all of it', { pre: later, post: later }, async () => 'result'],
    [
      'a body with a `then` of its own',
      {},
      () => ({ then: (settle: (value: string) => void) => settle('result') }),
    ],
  ])('waits for %s', async (_, handlers, returns) => {
    const { bus, log, body } = logged(handlers)
    const result = bus.bounded(step, { step: 1 }, () => {
      body()
      return returns() as Promise<string>
    })
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toBe('result')
    expect(log).toEqual(['pre 1', 'body', 'post 1'])
  })

  it('does not deliver post when the body throws', async () => {
    const { bus, log } = logged()
    const fail = (): never => {
      throw new Error('boom')
    }
    expect(() => bus.bounded(step, { step: 1 }, fail)).toThrow('boom')
    await expect(bus.bounded(step, { step: 2 }, async () => fail())).rejects.toThrow('boom')
    expect(log).toEqual(['pre 1', 'pre 2'])
  })

  it('does not run the body when pre fails', async () => {
    const fail = (): never => {
      throw new Error('boom')
    }
    const { bus, log, body } = logged({ pre: fail })
    expect(() => bus.bounded(step, { step: 1 }, body)).toThrow('boom')
    const rejecting = logged({ pre: async () => fail() })
    await expect(rejecting.bus.bounded(step, { step: 2 }, rejecting.body)).rejects.toThrow('boom')
    expect([log, rejecting.log]).toEqual([['pre 1'], ['pre 2']])
  })

  it('fails when post does', async () => {
    const fail = (): never => {
      throw new Error('boom')
    }
    const { bus, body } = logged({ post: fail })
    expect(() => bus.bounded(step, { step: 1 }, body)).toThrow('boom')
    const rejecting = logged({ post: async () => fail() })
    await expect(rejecting.bus.bounded(step, { step: 1 }, rejecting.body)).rejects.toThrow('boom')
  })
})
