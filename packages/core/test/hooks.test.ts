import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineEvent, EventBus, type Hook, HookError, installHooks } from '../src/index.ts'

const paused = defineEvent<{ step: number }>('test.paused')

describe('the error of a hook', () => {
  it('names the hook and the event, and keeps the original as its cause', () => {
    const cause = new RangeError('no such step')
    const error = new HookError('greeter', 'test.paused', cause)
    expect({ ...error, message: error.message, text: String(error), cause: error.cause }).toEqual({
      name: 'HookError',
      hook: 'greeter',
      at: 'test.paused',
      message: 'Hook "greeter" failed at test.paused: no such step',
      text: 'HookError: Hook "greeter" failed at test.paused: no such step',
      cause,
    })
    expect(error).toBeInstanceOf(Error)
  })

  it.each([
    ['a string', 'a string'],
    [404, '404'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ message: 'an error of another realm' }, 'an error of another realm'],
  ])('may have anything as its cause: %j', (cause, text) => {
    const error = new HookError('greeter', 'test.paused', cause)
    expect([error.message, error.cause]).toEqual([`Hook "greeter" failed at test.paused: ${text}`, cause])
  })

  it('is what trigger throws, at once or later, for handlers of a hook', async () => {
    const bus = new EventBus()
    const cause = new Error('boom')
    const resumed = defineEvent<object>('test.resumed')
    bus.subscribe(
      paused,
      () => {
        throw cause
      },
      { hook: 'greeter' },
    )
    bus.subscribe(resumed, () => Promise.reject(cause), { hook: 'greeter' })
    expect(() => bus.trigger(paused, { step: 1 })).toThrow(new HookError('greeter', 'test.paused', cause))
    await expect(bus.trigger(resumed, {})).rejects.toEqual(new HookError('greeter', 'test.resumed', cause))
  })

  it('names the hook where it began, however many deliveries it passes through', () => {
    const bus = new EventBus()
    const resumed = defineEvent<object>('test.resumed')
    bus.subscribe(paused, () => bus.trigger(resumed, {}), { hook: 'outer' })
    bus.subscribe(
      resumed,
      () => {
        throw new Error('boom')
      },
      { hook: 'inner' },
    )
    expect(() => bus.trigger(paused, { step: 1 })).toThrow(
      new HookError('inner', 'test.resumed', new Error('boom')),
    )
  })
})

describe('a handler with a time limit', () => {
  afterEach(() => void vi.useRealTimers())

  it('fails the delivery when its promise has not settled in time', async () => {
    const bus = new EventBus({ handlerTimeoutMs: 5 })
    bus.subscribe(paused, () => new Promise(() => {}), { hook: 'sleeper' })
    await expect(bus.trigger(paused, { step: 1 })).rejects.toThrow(
      'Hook "sleeper" failed at test.paused: the handler\'s promise has not settled within 5 ms (handlerTimeoutMs)',
    )
  })

  it('is let alone when it settles, and no timer is left behind', async () => {
    vi.useFakeTimers()
    const bus = new EventBus({ handlerTimeoutMs: 60_000 })
    const log: string[] = []
    bus.subscribe(paused, async () => log.push('first'))
    bus.subscribe(paused, async () => {
      log.push('second')
      throw new Error('boom')
    })
    const delivered = bus.trigger(paused, { step: 1 }) as Promise<void>
    expect(vi.getTimerCount()).toBe(1)
    await expect(delivered).rejects.toThrow('boom')
    expect([log, vi.getTimerCount()]).toEqual([['first', 'second'], 0])
  })

  it('is not timed while it is synchronous', () => {
    vi.useFakeTimers()
    const bus = new EventBus({ handlerTimeoutMs: 1 })
    bus.subscribe(paused, () => vi.advanceTimersByTime(10))
    expect(bus.trigger(paused, { step: 1 })).toBeUndefined()
  })
})

describe('installing hooks', () => {
  /** Hooks that write down what becomes of them; each is given a run that knows its name. */
  function logged() {
    const log: string[] = []
    const hook = (name: string, { failing = '' } = {}): Hook<string> => ({
      name,
      setup: async (run) => {
        log.push(`set up ${run}`)
        if (failing === 'setup') throw new Error(`${name} cannot begin`)
        return () => {
          log.push(`clean up ${run}`)
          if (failing === 'cleanup') throw new Error(`${name} cannot end`)
        }
      },
    })
    const install = (...hooks: Hook<string>[]) => installHooks(hooks, (name) => `run of ${name}`)
    return { log, hook, install }
  }

  it('sets them up in order, one after the other, and cleans up in reverse, once', async () => {
    const { log, hook, install } = logged()
    const installed = await install(hook('a'), hook('b'), hook('c'))
    expect(installed.names).toEqual(['a', 'b', 'c'])
    await installed.cleanUp()
    await installed.cleanUp()
    expect(log).toEqual([
      'set up run of a',
      'set up run of b',
      'set up run of c',
      'clean up run of c',
      'clean up run of b',
      'clean up run of a',
    ])
  })

  it('takes hooks without a cleanup, synchronous ones, and none at all', async () => {
    const { log, install } = logged()
    const plain = (name: string): Hook<string> => ({ name, setup: (run) => void log.push(run) })
    await (await install()).cleanUp()
    await (await install(plain('a'), plain('b'))).cleanUp()
    expect(log).toEqual(['run of a', 'run of b'])
  })

  it('cleans up the earlier ones when one fails, in reverse, and throws its error', async () => {
    const { log, hook, install } = logged()
    const installed = install(hook('a'), hook('b'), hook('c', { failing: 'setup' }), hook('d'))
    await expect(installed).rejects.toThrow(new HookError('c', 'setup', new Error('c cannot begin')))
    expect(log).toEqual([
      'set up run of a',
      'set up run of b',
      'set up run of c',
      'clean up run of b',
      'clean up run of a',
    ])
  })

  it('still throws the error of the setup where a cleanup fails as well', async () => {
    const { log, hook, install } = logged()
    const installed = install(hook('a'), hook('b', { failing: 'cleanup' }), hook('c', { failing: 'setup' }))
    await expect(installed).rejects.toThrow('Hook "c" failed at setup: c cannot begin')
    expect(log.slice(3)).toEqual(['clean up run of b', 'clean up run of a'])
  })

  it('runs every cleanup though one fails, and throws its error', async () => {
    const { log, hook, install } = logged()
    const installed = await install(hook('a'), hook('b', { failing: 'cleanup' }), hook('c'))
    await expect(installed.cleanUp()).rejects.toThrow('Hook "b" failed at cleanup: b cannot end')
    expect(log.slice(3)).toEqual(['clean up run of c', 'clean up run of b', 'clean up run of a'])
  })

  it('throws the errors of several cleanups together', async () => {
    const { hook, install } = logged()
    const installed = await install(hook('a', { failing: 'cleanup' }), hook('b', { failing: 'cleanup' }))
    const error = await installed.cleanUp().catch((error: AggregateError) => error)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(String)).toEqual([
      'HookError: Hook "b" failed at cleanup: b cannot end',
      'HookError: Hook "a" failed at cleanup: a cannot end',
    ])
    expect((error as AggregateError).message).toContain('b cannot end; HookError: Hook "a"')
  })

  it('refuses what is no hook, before any is set up', async () => {
    const { log, hook, install } = logged()
    const factory = () => hook('b')
    for (const [found, text] of [
      [factory, '() => hook("b")'],
      [undefined, 'undefined'],
      [{ name: 'b' }, '[object Object]'],
      [{ name: '', setup: () => {} }, '[object Object]'],
      [{ setup: () => {} }, '[object Object]'],
    ]) {
      const told = await install(hook('a'), found as Hook<string>).catch((error: TypeError) => error)
      expect(told).toBeInstanceOf(TypeError)
      expect((told as TypeError).message).toBe(
        `hooks[1] is not { name, setup(run) }, as a hook's factory returns it: ${text}`,
      )
    }
    expect(log).toEqual([])
  })

  it('refuses two hooks of one name, before any is set up', async () => {
    const { log, hook, install } = logged()
    await expect(install(hook('a'), hook('b'), hook('a'))).rejects.toThrow(
      new TypeError('two hooks are named "a": give one of them another name'),
    )
    expect(log).toEqual([])
  })
})
