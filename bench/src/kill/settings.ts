export const optimizerNames = ['sgd', 'momentum', 'rmsprop', 'adagrad', 'adam', 'adamW', 'lion'] as const
export type OptimizerName = (typeof optimizerNames)[number]
export type BackendName = 'cpu' | 'wasm'

/** Which run a process is to train, and where it keeps its checkpoints and its journal. */
export interface Settings {
  readonly backend: BackendName
  readonly optimizer: OptimizerName
  readonly folder: string
}
