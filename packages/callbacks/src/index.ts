export { type CallbackClass, type Callbacks, callbacks } from './callbacks.ts'
export type { CallbacksOptions, InlineOptions, QueuedOptions } from './policy.ts'
export {
  type CallbackMethod,
  type CallbackSource,
  type Control,
  TrainerCallback,
} from './trainer-callback.ts'
export type { BatchMetrics, TrainingContext, TrainingOutcome } from './training-context.ts'
