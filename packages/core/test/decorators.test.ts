// biome-ignore-all lint/nursery/noFloatingPromises: these deliveries are synchronous
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { defineEvent, EventBus, subscribe, subscribeAnnotated } from '../src/index.ts'

type Annotated = typeof import('./fixtures/annotated.ts')

/** The fixture with a copy of this package of its own, as an outside hook might bring one. */
async function compiled(experimentalDecorators: boolean): Promise<Annotated> {
  const { outputFiles } = await build({
    entryPoints: [new URL('fixtures/annotated.ts', import.meta.url).pathname],
    tsconfigRaw: { compilerOptions: { experimentalDecorators } },
    conditions: ['hookstep:source'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  const code = Buffer.from((outputFiles[0] as { contents: Uint8Array }).contents).toString('base64')
  return import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)
}

const standard = await import('./fixtures/annotated.ts')
const standardOfACopy = await compiled(false)
const legacyOfACopy = await compiled(true)

describe.each([
  ['standard decorators', standard],
  ['standard decorators of another copy of this package', standardOfACopy],
  ['legacy decorators of another copy of this package', legacyOfACopy],
])('%s', (_, { announced, Base, Derived, Statics, Unmarked, paused, resumed }) => {
  const told = <Target extends { log: string[] }>(target: Target, ...events: (typeof paused)[]): string[] => {
    const bus = new EventBus()
    subscribeAnnotated(bus, target)
    for (const event of events) bus.trigger(event, { step: 3 })
    return target.log
  }

  it('subscribe methods in the order of their definition, whatever they are named', () => {
    expect(told(new Base(), paused)).toEqual([
      'zebra 3',
      'named by a symbol',
      'apple',
      'overridden, of the base',
      'marked again, of the base',
      '7',
    ])
  })

  it('stack', () => {
    expect(told(new Base(), resumed)).toEqual(['apple'])
  })

  it('hold for a method that overrides: it runs in place of the other, once', () => {
    expect(told(new Derived(), paused)).toEqual([
      'zebra 3',
      'named by a symbol',
      'apple',
      'overridden, of the derived',
      'marked again, of the base',
      'marked again, of the derived',
      '7',
      'own',
    ])
  })

  it('add to those of the method that is overridden', () => {
    expect(told(new Derived(), resumed)).toEqual([
      'apple',
      'marked again, of the base',
      'marked again, of the derived',
    ])
  })

  it('keep instances apart, and each is unsubscribed as a whole', () => {
    const bus = new EventBus()
    const [one, other] = [new Derived(), new Derived()]
    const unsubscribe = subscribeAnnotated(bus, one)
    subscribeAnnotated(bus, other)
    bus.trigger(resumed, { step: 1 })
    unsubscribe()
    bus.trigger(resumed, { step: 2 })
    expect([one.log.length, other.log.length]).toEqual([3, 6])
    expect(bus.subscribers(paused)).toHaveLength(7)
  })

  it('on static methods are subscribed by the class', () => {
    const bus = new EventBus()
    subscribeAnnotated(bus, Statics)
    bus.trigger(paused, { step: 1 })
    expect(announced).toEqual(['hello'])
    expect(() => subscribeAnnotated(bus, new Statics())).toThrow(
      new TypeError('Statics has no method with @subscribe'),
    )
  })

  it('are missed where there are none', () => {
    expect(() => subscribeAnnotated(new EventBus(), new Unmarked())).toThrow(
      new TypeError('Unmarked has no method with @subscribe'),
    )
  })
})

it('legacy decorators are checked by the compiler as standard ones are', async () => {
  const project = fileURLToPath(new URL('legacy.tsconfig.json', import.meta.url))
  const { resolve } = createRequire(import.meta.url)
  const tsc = join(dirname(resolve('typescript/package.json')), 'bin/tsc')
  const printed = await promisify(execFile)(process.execPath, [tsc, '-p', project])
  expect(printed).toEqual({ stdout: '', stderr: '' })
})

describe('@subscribe', () => {
  const paused = defineEvent<{ step: number }>('test.paused')
  const refusal = new TypeError('@subscribe(test.paused) belongs on a public method')

  it('refuses a private method', () => {
    expect(() => {
      return class {
        @subscribe(paused)
        #hidden(): void {}
        reach = () => this.#hidden()
      }
    }).toThrow(refusal)
  })

  it.each([
    ['a getter', () => 3, { kind: 'getter', name: 'size' }],
    ['a field', undefined, { kind: 'field', name: 'size' }],
    ['an accessor', { get() {}, set() {} }, { kind: 'accessor', name: 'size' }],
    ['a class', class {}, { kind: 'class', name: 'Greeter' }],
  ])('refuses %s', (_, value, context) => {
    expect(() => subscribe(paused)(value as never, context as never)).toThrow(refusal)
  })

  it.each([
    ['a legacy field', [{}, 'size']],
    ['a legacy static field', [class {}, 'size']],
    ['a legacy getter', [{}, 'size', { get: () => 3 }]],
    ['a legacy class', [class {}]],
  ])('refuses %s', (_, args) => {
    expect(() => (subscribe(paused) as (...args: unknown[]) => void)(...args)).toThrow(refusal)
  })

  it('refuses what is no event', () => {
    expect(() => subscribe(undefined as never)).toThrow(
      new TypeError('undefined is no event: defineEvent(id) makes one, a phase has two'),
    )
  })

  it('finds a method that a decorator below it has put in place of the written one', () => {
    const log: string[] = []
    const loud = <This, Args extends unknown[]>(method: (this: This, ...args: Args) => void) =>
      function (this: This, ...args: Args): void {
        log.push('loudly')
        method.apply(this, args)
      }
    class Greeter {
      @subscribe(paused)
      @loud
      greet(): void {
        log.push('hello')
      }
    }
    const bus = new EventBus()
    subscribeAnnotated(bus, new Greeter())
    bus.trigger(paused, { step: 1 })
    expect(log).toEqual(['loudly', 'hello'])
  })

  it('names the hook of an object whose methods it subscribes to a run', () => {
    class Greeter {
      @subscribe(paused)
      greet(): void {
        throw new Error('boom')
      }
    }
    const bus = new EventBus()
    const run: Pick<EventBus, 'subscribe'> = {
      subscribe: (event, handler, options) => bus.subscribe(event, handler, { ...options, hook: 'greeter' }),
    }
    subscribeAnnotated(run, new Greeter())
    expect(() => bus.trigger(paused, { step: 1 })).toThrow('Hook "greeter" failed at test.paused: boom')
  })
})
