export type { KerasCallback, KerasLogs, KerasParams } from './keras/keras-callback.ts'
export { kerasCallbacks } from './keras/keras-callbacks.ts'
