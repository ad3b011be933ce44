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
export { arrays, type Batches, type Data, type Dataset } from './data.ts'
export type { EvaluateOptions, RunSummary, TrainerOptions } from './options.ts'
export type { ProcessGroup, Reducible } from './process-group.ts'
export { type Random, random } from './random.ts'
export type { Schedule } from './schedules.ts'
export { Trainer } from './trainer.ts'
