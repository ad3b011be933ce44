export { folder } from './node/folder.ts'
export { checkpoint, type NodeCheckpointOptions } from './process/checkpoint.ts'
export { loadCheckpoint } from './process/load-checkpoint.ts'
export type { OnSignal, Signals } from './process/signals.ts'
