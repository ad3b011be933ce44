import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Hook, type StepContext, train } from '@hookstep/catalogue'
import { type AbortSignalLike, EventBus } from '@hookstep/core'
import { line, plainBackend } from '@hookstep/testing'
import { Trainer } from '@hookstep/trainer'
import { expect, test } from 'vitest'

async function trainWith(hook: Hook, bus = new EventBus()): Promise<void> {
  await using trainer = new Trainer({ backend: plainBackend(), data: line(), steps: 4, bus, hooks: [hook] })
  await trainer.train()
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

test('what a handler holds is let go when its subscription ends, and not when the run does', async () => {
  const handlers: WeakRef<object>[] = []
  const held: string[] = []
  const hook: Hook = {
    name: 'once a step',
    setup(run) {
      const subscribeOnce = (): void => {
        const handler = ({ step }: StepContext): number => step
        handlers.push(new WeakRef(handler))
        run.subscribe(train.step.post, handler, { once: true })
      }
      run.subscribe(train.step.pre, subscribeOnce)
      run.subscribe(train.finished, async () => {
        await new Promise((resolve) => setTimeout(resolve))
        collectGarbage()
        held.push(...handlers.map((handler) => typeof handler.deref()))
      })
    },
  }
  await trainWith(hook)
  expect(held).toEqual(Array(4).fill('undefined'))
})

test('a subscription ends with its signal, or with the run, and leaves nothing with the signal', async () => {
  const controller = new AbortController()
  const listeners: string[] = []
  const signal: AbortSignalLike = {
    get aborted() {
      return controller.signal.aborted
    },
    addEventListener(type, listener) {
      listeners.push('added')
      controller.signal.addEventListener(type, listener)
    },
    removeEventListener(type, listener) {
      listeners.push('removed')
      controller.signal.removeEventListener(type, listener)
    },
  }
  const seen: string[] = []
  const bus = new EventBus()
  const hook: Hook = {
    name: 'signalled',
    setup(run) {
      run.subscribe(train.step.pre, ({ step }) => seen.push(`pre ${step}`), { signal })
      run.subscribe(train.step.post, ({ step }) => void (step === 2 && controller.abort()))
      run.subscribe(train.step.post, ({ step }) => seen.push(`post ${step}`))
    },
  }
  await trainWith(hook, bus)
  await trainWith({ ...hook, name: 'aborted before' }, bus)
  expect(seen).toEqual(
    ['pre 1', 'post 1', 'pre 2', 'post 2', 'post 3', 'post 4'].concat([1, 2, 3, 4].map((s) => `post ${s}`)),
  )
  expect(listeners).toEqual(['added', 'removed'])
  expect(bus.hasSubscribers(train.step.post)).toBe(false)
})
