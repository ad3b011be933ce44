export * as checkpoint from './checkpoint.ts'
export type * from './contexts.ts'
export * as evaluate from './evaluate.ts'
export * as hook from './hook.ts'
export * as inference from './inference.ts'
export * as metrics from './metrics.ts'
export type { Distributed, Progress } from './progress.ts'
export type { Hook, PersistedState, RequestOptions, Run, RunSubscribeOptions } from './run.ts'
export type {
  DataState,
  HookState,
  InferenceState,
  Json,
  NamedArrays,
  NdArray,
  PartialEvaluation,
  PartialStep,
  RunState,
  SessionState,
} from './state.ts'
export * as train from './train.ts'
export {
  anyOf,
  at,
  atEnd,
  checkTrigger,
  countsPercent,
  every,
  isDue,
  isDueAtEnd,
  never,
  once,
  type Trigger,
  type TriggerUnit,
} from './trigger.ts'
