// biome-ignore-all lint/nursery/noFloatingPromises: these deliveries are synchronous
// biome-ignore-all lint/suspicious/noThenProperty: a promise is what has a `then`
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { defineEvent, EventBus, HookError } from '../src/index.ts'

const paused = defineEvent<{ step: number }>('test.paused')
const context = { step: 3 }

async function caught(fails: () => unknown): Promise<Error> {
  try {
    await fails()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** A bus whose handlers write to a log, and a mark when a delivery is over. */
function logged() {
  const bus = new EventBus()
  const log: string[] = []
  const add = (name: string, returns?: () => unknown, hook?: string) =>
    bus.subscribe(
      paused,
      () => {
        log.push(name)
        return returns?.()
      },
      hook === undefined ? {} : { hook },
    )
  return { bus, log, add }
}

describe('handlers', () => {
  it('run one after another, in the order in which they were subscribed, with the one context', () => {
    const bus = new EventBus()
    const log: unknown[] = []
    bus.subscribe(paused, (context) => log.push(['first', context]))
    bus.subscribe(paused, (context) => log.push(['second', context]))
    bus.trigger(paused, context)
    expect(log).toEqual([
      ['first', context],
      ['second', context],
    ])
    expect((log as [string, unknown][])[0]?.[1]).toBe(context)
  })

  it('may be one function that is subscribed twice: it runs twice, and each subscription ends by itself', () => {
    const { bus, log } = logged()
    const handler = () => log.push('told')
    const unsubscribe = bus.subscribe(paused, handler)
    bus.subscribe(paused, handler)
    bus.trigger(paused, context)
    unsubscribe()
    unsubscribe()
    bus.trigger(paused, context)
    expect(log).toEqual(['told', 'told', 'told'])
  })

  it('are called without a `this`', () => {
    const bus = new EventBus()
    const seen: unknown[] = []
    for (let count = 0; count < 20; count++) {
      bus.subscribe(paused, function (this: unknown) {
        seen.push(this)
      })
    }
    bus.trigger(paused, context)
    expect(seen).toEqual(Array(20).fill(undefined))
  })

  it('hear only their own event, on their own bus', () => {
    const { bus, log, add } = logged()
    add('told')
    bus.trigger(defineEvent<{ step: number }>('test.resumed'), context)
    new EventBus().trigger(paused, context)
    expect(log).toEqual([])
  })
})

describe('delivery is synchronous until a handler returns a promise', () => {
  it('with no handler: nothing happens and nothing is returned', () => {
    expect(new EventBus().trigger(paused, context)).toBeUndefined()
  })

  it('with handlers that return nothing, or what is no promise', () => {
    const { bus, log, add } = logged()
    const returned = [undefined, null, 0, 'text', false, [], {}, { then: 'not a function' }, () => 'value']
    for (const [position, value] of returned.entries()) add(`${position}`, () => value)
    expect(bus.trigger(paused, context)).toBeUndefined()
    expect(log).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8'])
  })

  it('then waits, and the handlers behind it run when it has settled', async () => {
    const { bus, log, add } = logged()
    let settle = () => {}
    const settled = new Promise<void>((resolve) => {
      settle = resolve
    })
    add('first')
    add('second', () => settled)
    add('third')
    add('fourth', async () => {})
    add('fifth')

    const delivered = bus.trigger(paused, context)
    expect(delivered).toBeInstanceOf(Promise)
    await Promise.resolve()
    expect(log).toEqual(['first', 'second'])

    settle()
    await delivered
    expect(log).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
    expect(await bus.trigger(paused, context)).toBeUndefined()
  })

  it.each([
    ['a promise of another realm', () => runInNewContext('Promise.resolve()')],
    ['anything with a `then`', () => ({ then: (settle: () => void) => settle() })],
    ['a function with a `then`', () => Object.assign(() => {}, { then: (settle: () => void) => settle() })],
  ])('%s is waited for, too', async (_, returns) => {
    const { bus, log, add } = logged()
    add('first', returns)
    add('second')
    const delivered = bus.trigger(paused, context)
    expect(delivered).toBeInstanceOf(Promise)
    expect(log).toEqual(['first'])
    await delivered
    expect(log).toEqual(['first', 'second'])
  })
})

describe('a handler that fails', () => {
  it('ends the delivery, and the caller of trigger gets its error', () => {
    const { bus, log, add } = logged()
    const boom = new Error('boom')
    add('first')
    add('second', () => {
      throw boom
    })
    add('third')
    expect(() => bus.trigger(paused, context)).toThrow(boom)
    expect(log).toEqual(['first', 'second'])
  })

  it('by a rejected promise does the same, later', async () => {
    const { bus, log, add } = logged()
    const boom = new Error('boom')
    add('first', () => Promise.reject(boom))
    add('second')
    await expect(bus.trigger(paused, context)).rejects.toBe(boom)
    expect(log).toEqual(['first'])
  })

  it('by a throw behind a promise rejects', async () => {
    const { bus, log, add } = logged()
    add('first', async () => {})
    add('second', () => {
      throw new Error('boom')
    })
    add('third')
    await expect(bus.trigger(paused, context)).rejects.toThrow('boom')
    expect(log).toEqual(['first', 'second'])
  })

  it('does not keep the next delivery from beginning afresh', () => {
    const { bus, log, add } = logged()
    let broken = true
    add('first', () => {
      if (broken) throw new Error('boom')
    })
    add('second')
    expect(() => bus.trigger(paused, context)).toThrow('boom')
    broken = false
    bus.trigger(paused, context)
    expect(log).toEqual(['first', 'first', 'second'])
  })
})

/** Calls are written out for the first handlers and looped over for the rest: every place does the same. */
describe('with any number of handlers', () => {
  const counts = Array.from({ length: 21 }, (_, count) => count)
  const returning = {
    nothing: () => undefined,
    values: () => 7,
    promises: async () => {},
    'now a value, now a promise': (position: number) => [undefined, 7, Promise.resolve()][position % 3],
  }
  const failures = {
    throw: () => {
      throw new Error('boom')
    },
    reject: () => Promise.reject(new Error('boom')),
  }
  const names = (count: number) => Array.from({ length: count }, (_, position) => `h${position}`)

  it.each(Object.entries(returning))('that return %s, all run in order', async (_, returns) => {
    for (const count of counts) {
      const { bus, log, add } = logged()
      for (const name of names(count)) add(name, () => returns(Number(name.slice(1))))
      await bus.trigger(paused, context)
      expect(log).toEqual(names(count))
    }
  })

  describe.each(Object.entries(returning))('that return %s, one that fails', (_, returns) => {
    it.each(Object.entries(failures))('by a %s is named, wherever it stands', async (_, fails) => {
      for (const count of counts) {
        for (let failing = 0; failing < count; failing++) {
          const { bus, log, add } = logged()
          for (const [position, name] of names(count).entries()) {
            add(name, position === failing ? fails : () => returns(position), name)
          }
          const error = await caught(() => bus.trigger(paused, context))
          expect(error).toBeInstanceOf(HookError)
          expect(error.message).toBe(`Hook "h${failing}" failed at test.paused: boom`)
          expect(log).toEqual(names(failing + 1))
        }
      }
    })
  })
})

describe('handlers that are added or removed during a delivery count from the next one', () => {
  it('added', () => {
    const { bus, log, add } = logged()
    add('first', () => {
      add('late')
    })
    add('second')
    bus.trigger(paused, context)
    expect(log.splice(0)).toEqual(['first', 'second'])
    bus.trigger(paused, context)
    expect(log).toEqual(['first', 'second', 'late'])
  })

  it('removed: the one behind still runs', () => {
    const { bus, log, add } = logged()
    add('first', () => removeSecond())
    const removeSecond = add('second')
    bus.trigger(paused, context)
    bus.trigger(paused, context)
    expect(log).toEqual(['first', 'second', 'first'])
  })

  it('removed by itself: nobody is passed over', () => {
    const { bus, log, add } = logged()
    const removeFirst = add('first', () => removeFirst())
    add('second')
    bus.trigger(paused, context)
    bus.trigger(paused, context)
    expect(log).toEqual(['first', 'second', 'second'])
  })

  it('also while the delivery waits', async () => {
    const { bus, log, add } = logged()
    add('first', async () => {})
    const removeSecond = add('second')
    const delivered = bus.trigger(paused, context)
    removeSecond()
    add('third')
    await delivered
    expect(log.splice(0)).toEqual(['first', 'second'])
    await bus.trigger(paused, context)
    expect(log).toEqual(['first', 'third'])
  })

  it('a delivery within a delivery is the next one', () => {
    const bus = new EventBus()
    const log: string[] = []
    bus.subscribe(paused, ({ step }) => {
      log.push(`first ${step}`)
      if (step > 1) return
      bus.subscribe(paused, ({ step }) => log.push(`late ${step}`))
      bus.trigger(paused, { step: step + 1 })
    })
    bus.subscribe(paused, ({ step }) => log.push(`second ${step}`))
    bus.trigger(paused, { step: 1 })
    expect(log).toEqual(['first 1', 'first 2', 'second 2', 'late 2', 'second 1'])
  })
})
