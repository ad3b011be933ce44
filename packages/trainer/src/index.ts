export type { NamedArrays, NdArray, Outputs, Run, SessionState, Values } from '@hookstep/catalogue'
export type {
  Backend,
  Batch,
  Evaluated,
  LazyScalar,
  Memory,
  Session,
  SessionOptions,
} from './backend.ts'
export { type ChromeTrace, type ChromeTraceOptions, chromeTrace } from './chrome-trace.ts'
export { arrays, type Batches, type Data, type Dataset } from './data.ts'
export type { EventTimings, HookTimings } from './handler-times.ts'
export type { HookIncidents } from './incidents.ts'
export { Inference } from './inference.ts'
export type { InferenceOptions, InferenceSummary, ParameterSource } from './inference-options.ts'
export type { InferenceOutput } from './inference-run.ts'
export type { EvaluateOptions, RunSummary, TrainerOptions } from './options.ts'
export {
  inMemoryGroup,
  type ProcessGroup,
  type Reducible,
  type Reduction,
  singleProcess,
} from './process-group.ts'
export { type Random, random } from './random.ts'
export {
  constant,
  cosine,
  type Decay,
  linear,
  oneCycle,
  polynomial,
  type Schedule,
  sequence,
  stepped,
  warmup,
} from './schedules.ts'
export { type SavedModel, Trainer } from './trainer.ts'
