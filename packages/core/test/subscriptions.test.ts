// biome-ignore-all lint/nursery/noFloatingPromises: these deliveries are synchronous
import { describe, expect, it } from 'vitest'
import { defineEvent, EventBus } from '../src/index.ts'

const paused = defineEvent<{ step: number }>('test.paused')

function logged() {
  const bus = new EventBus()
  const log: number[] = []
  const tell = (...steps: number[]) => {
    for (const step of steps) bus.trigger(paused, { step })
  }
  return { bus, log, tell, write: ({ step }: { step: number }) => void log.push(step) }
}

describe('when', () => {
  it('lets the handler run only where it is true', () => {
    const { bus, log, tell, write } = logged()
    bus.subscribe(paused, write, { when: ({ step }) => step % 2 === 0 })
    tell(1, 2, 3, 4)
    expect(log).toEqual([2, 4])
  })

  it('that fails, fails the delivery in the name of its hook', () => {
    const { bus, tell, write } = logged()
    const when = () => {
      throw new Error('boom')
    }
    bus.subscribe(paused, write, { when, hook: 'greeter' })
    expect(() => tell(1)).toThrow('Hook "greeter" failed at test.paused: boom')
  })
})

describe('once', () => {
  it('runs the handler once, then it is gone', () => {
    const { bus, log, tell, write } = logged()
    bus.subscribe(paused, write, { once: true })
    tell(1, 2)
    expect(log).toEqual([1])
    expect(bus.hasSubscribers(paused)).toBe(false)
  })

  it('with `when`, the first time that it is true', () => {
    const { bus, log, tell, write } = logged()
    bus.subscribe(paused, write, { once: true, when: ({ step }) => step > 2 })
    tell(1, 2, 3, 4)
    expect(log).toEqual([3])
  })

  it('runs once even when the handler triggers its own event', () => {
    const { bus, log, tell } = logged()
    const handler = ({ step }: { step: number }) => {
      log.push(step)
      tell(step + 1)
    }
    bus.subscribe(paused, handler, { once: true })
    tell(1)
    expect(log).toEqual([1])
  })

  it('runs once even when an earlier handler of the delivery under way triggers the event again', () => {
    const { bus, log, tell, write } = logged()
    bus.subscribe(paused, ({ step }) => {
      if (step === 1) tell(2)
    })
    bus.subscribe(paused, write, { once: true })
    tell(1)
    expect(log).toEqual([2])
  })

  it('still gets the delivery during which it is unsubscribed, as every handler does', () => {
    const { bus, log, tell, write } = logged()
    bus.subscribe(paused, () => unsubscribe())
    const unsubscribe = bus.subscribe(paused, write, { once: true })
    tell(1, 2)
    expect(log).toEqual([1])
  })

  it('is over even when the handler fails', () => {
    const { bus, tell } = logged()
    const fail = () => {
      throw new Error('boom')
    }
    bus.subscribe(paused, fail, { once: true })
    expect(() => tell(1)).toThrow('boom')
    expect(() => tell(2)).not.toThrow()
  })
})

describe('signal', () => {
  it('unsubscribes when it aborts', () => {
    const { bus, log, tell, write } = logged()
    const stop = new AbortController()
    bus.subscribe(paused, write, { signal: stop.signal })
    tell(1)
    stop.abort()
    tell(2)
    expect(log).toEqual([1])
    expect(bus.hasSubscribers(paused)).toBe(false)
  })

  it('that has aborted already never lets the handler in', () => {
    const { bus, log, tell, write } = logged()
    const unsubscribe = bus.subscribe(paused, write, { signal: AbortSignal.abort() })
    expect(bus.hasSubscribers(paused)).toBe(false)
    tell(1)
    unsubscribe()
    expect(log).toEqual([])
  })

  it('aborting during a delivery counts from the next one', () => {
    const { bus, log, tell, write } = logged()
    const stop = new AbortController()
    bus.subscribe(paused, () => stop.abort())
    bus.subscribe(paused, write, { signal: stop.signal })
    tell(1, 2)
    expect(log).toEqual([1])
  })

  it.each(['unsubscribing', 'once'])('is let go of by %s', (how) => {
    const { bus, tell, write } = logged()
    const listeners = new Set<() => void>()
    const signal = {
      aborted: false,
      addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
    }
    const unsubscribe = bus.subscribe(paused, write, { signal, once: how === 'once' })
    expect(listeners.size).toBe(1)
    if (how === 'once') tell(1)
    else unsubscribe()
    expect(listeners.size).toBe(0)
  })
})

describe('a subscription', () => {
  it('is disposable: `using` ends it with its block', () => {
    const { bus, log, tell, write } = logged()
    {
      using _subscription = bus.subscribe(paused, write)
      tell(1)
    }
    tell(2)
    expect(log).toEqual([1])
  })

  it('ends once: unsubscribing again, or late, does not touch the others', () => {
    const { bus, log, tell, write } = logged()
    const unsubscribe = bus.subscribe(paused, write, { once: true })
    tell(1)
    bus.subscribe(paused, write)
    unsubscribe()
    unsubscribe()
    tell(2)
    expect(log).toEqual([1, 2])
  })

  it('makes its event one that somebody listens to', () => {
    const { bus, write } = logged()
    const told = [bus.hasSubscribers(paused)]
    const first = bus.subscribe(paused, write)
    const second = bus.subscribe(paused, write)
    told.push(bus.hasSubscribers(paused))
    first()
    told.push(bus.hasSubscribers(paused))
    second()
    told.push(bus.hasSubscribers(paused))
    expect(told).toEqual([false, true, true, false])
  })

  it('is listed with its hook, in the order of delivery', () => {
    const { bus, write } = logged()
    const closed = defineEvent<{ step: number }>('test.closed', { lastFirst: true })
    for (const event of [paused, closed]) {
      bus.subscribe(event, write, { hook: 'early' })
      bus.subscribe(event, write)
      bus.subscribe(event, write, { hook: 'late' })
    }
    expect(bus.subscribers(paused)).toEqual(['early', undefined, 'late'])
    expect(bus.subscribers(closed)).toEqual(['late', undefined, 'early'])
    expect(bus.subscribers(defineEvent('test.never'))).toEqual([])
  })
})

describe('what cannot be subscribed is refused by name', () => {
  const bus = new EventBus()
  it.each([
    [undefined, 'undefined is no event: defineEvent(id) makes one, a phase has two'],
    ['test.paused', 'test.paused is no event: defineEvent(id) makes one, a phase has two'],
    [
      { pre: paused, post: paused },
      '[object Object] is no event: defineEvent(id) makes one, a phase has two',
    ],
  ])('as an event: %j', (event, message) => {
    expect(() => bus.subscribe(event as never, () => {})).toThrow(new TypeError(message))
  })

  it('as a handler: what is no function', () => {
    expect(() => bus.subscribe(paused, undefined as never)).toThrow(
      new TypeError('subscribe(test.paused): undefined is no function'),
    )
  })
})
