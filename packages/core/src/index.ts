export {
  EventBus,
  type EventBusOptions,
  type Handler,
  type SubscribeOptions,
  type Unsubscribe,
} from './bus.ts'
export { defineEvent, definePhase, type Event, type Phase } from './event.ts'
export { type Cleanup, type Hook, type InstalledHooks, installHooks } from './hook.ts'
export { HookError } from './hook-error.ts'
export type { AbortSignalLike } from './platform.ts'
export { type SubscribeDecorator, subscribe, subscribeAnnotated } from './subscribe.ts'
