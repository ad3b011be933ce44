/** Every bus that is measured, each loaded only in the process that measures it. */
import type { Event } from '@hookstep/core'
import type { SyncHook } from 'tapable'
import type { Context, Handler } from './handlers.ts'

/** A bus as this benchmark uses it. `Moment` is what the bus knows an event by. */
export interface Bus<Moment = unknown> {
  moment(id: string): Moment
  subscribe(moment: Moment, handler: Handler): void
  trigger(moment: Moment, context: Context): unknown
}

type Open<Moment = string> = () => Promise<Bus<Moment>>

const hookstep: Open<Event<Context>> = async () => {
  const { defineEvent, EventBus } = await import('@hookstep/core')
  const bus = new EventBus()
  return {
    moment: (id) => defineEvent(id),
    subscribe: (event, handler) => void bus.subscribe(event, handler),
    trigger: (event, context) => bus.trigger(event, context),
  }
}

const nanoevents: Open = async () => {
  const { createNanoEvents } = await import('nanoevents')
  const bus = createNanoEvents<Record<string, Handler>>()
  return {
    moment: (id) => id,
    subscribe: (id, handler) => void bus.on(id, handler),
    trigger: (id, context) => bus.emit(id, context),
  }
}

const mitt: Open = async () => {
  const { default: mitt } = await import('mitt')
  // Its types call the CommonJS build a namespace; Node loads the ES module.
  const bus = (mitt as unknown as typeof mitt.default)<Record<string, Context>>()
  return {
    moment: (id) => id,
    subscribe: (id, handler) => bus.on(id, handler),
    trigger: (id, context) => bus.emit(id, context),
  }
}

const eventemitter3: Open = async () => {
  const { EventEmitter } = await import('eventemitter3')
  return emitter(new EventEmitter())
}

const nodeEvents: Open = async () => {
  const { EventEmitter } = await import('node:events')
  return emitter(new EventEmitter().setMaxListeners(0))
}

const tseep: Open = async () => {
  const { EventEmitter } = await import('tseep')
  return emitter(new EventEmitter())
}

const tseepSafe: Open = async () => {
  const { EventEmitter } = await import('tseep/lib/ee-safe.js')
  return emitter(new EventEmitter())
}

interface Emitter {
  on(id: string, handler: Handler): unknown
  emit(id: string, context: Context): unknown
}

function emitter(bus: Emitter): Bus<string> {
  return {
    moment: (id) => id,
    subscribe: (id, handler) => void bus.on(id, handler),
    trigger: (id, context) => bus.emit(id, context),
  }
}

const hookable: Open = async () => {
  const { HookableCore } = await import('hookable')
  const bus = new HookableCore()
  return {
    moment: (id) => id,
    subscribe: (id, handler) => void bus.hook(id, handler as () => void),
    trigger: (id, context) => bus.callHook(id, context),
  }
}

const emittery: Open = async () => {
  const { default: Emittery } = await import('emittery')
  const bus = new Emittery()
  return {
    moment: (id) => id,
    subscribe: (id, handler) => void bus.on(id, handler as () => void),
    trigger: (id, context) => bus.emitSerial(id, context),
  }
}

const tapable: Open<SyncHook<[Context]>> = async () => {
  const { SyncHook } = (await import('tapable')).default
  return {
    moment: () => new SyncHook(['context']),
    subscribe: (hook, handler) => hook.tap('bench', handler as () => void),
    trigger: (hook, context) => hook.call(context),
  }
}

/** What a program without a bus would do. */
const loop: Open<Handler[]> = async () => ({
  moment: () => [],
  subscribe: (handlers, handler) => void handlers.push(handler),
  trigger: (handlers, context) => {
    for (const handler of handlers) handler(context)
  },
})

/** Under the name by which the table lists them. */
export const buses = {
  hookstep,
  nanoevents,
  mitt,
  eventemitter3,
  'tseep without eval': tseepSafe,
  'node:events': nodeEvents,
  hookable,
  emittery,
  tapable,
  tseep,
  'for loop': loop,
} satisfies Record<string, () => Promise<Bus>>

export type BusName = keyof typeof buses
