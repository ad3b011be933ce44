export { tfjs } from './backend.ts'
export { cpu } from './cpu.ts'
export type { EngineOptions } from './engine.ts'
export type { Loss, LossFunction, LossName } from './losses.ts'
export type { MetricFunction, MetricName, Metrics } from './metrics.ts'
export { type AdagradOptions, adagrad } from './optimizers/adagrad.ts'
export { type AdamOptions, adam, adamW } from './optimizers/adam.ts'
export {
  type StepAttributes,
  stepKernel,
  type UpdateAttributes,
  updateKernel,
} from './optimizers/kernels.ts'
export { type LionOptions, lion } from './optimizers/lion.ts'
export { type MomentumOptions, momentum } from './optimizers/momentum.ts'
export type { DecayOptions, Optimizer, StepSlot, Update } from './optimizers/optimizer.ts'
export type { ElementProgram, Program, Result, Value } from './optimizers/program.ts'
export { type RmspropOptions, rmsprop } from './optimizers/rmsprop.ts'
export { sgd } from './optimizers/sgd.ts'
export type { BinaryOperation, Term, UnaryOperation } from './optimizers/term.ts'
export {
  type FunctionTask,
  functionTask,
  type Mode,
  type ModelTask,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type TaskFactory,
  type TensorBatch,
} from './task.ts'
