/** Numbers by name, as Keras passes them. One object for all callbacks of a call, which may add to it. */
export interface KerasLogs {
  [name: string]: number
}

// No interface: one would not be assignable to the parameters of a tf.Callback.
/** About the run, as `fit` tells it. What is not known is not there. */
export type KerasParams = {
  readonly epochs?: number
  /** Epochs that are done already. */
  readonly initialEpoch: number
  /** Samples of an epoch. */
  readonly samples?: number
  /** Batches, which are steps here, of an epoch. */
  readonly steps?: number
  /** Samples of a step, of all ranks. */
  readonly batchSize?: number
  readonly verbose: number
  /** Whether there is data to evaluate on. */
  readonly doValidation: boolean
  /** Names that are sure to be in the logs of epochs; the task's metrics are there as well. */
  readonly metrics: string[]
}

/**
 * What `fit` of TensorFlow.js takes for a callback: an object with some of these functions (`tf.CustomCallbackArgs`), or an
 * instance of `tf.Callback` or `tf.CustomCallback`. Epochs and batches count from 0.
 */
export interface KerasCallback {
  setParams?(params: KerasParams): void
  setModel?(model: never): void
  onTrainBegin?(logs?: KerasLogs): unknown
  onTrainEnd?(logs?: KerasLogs): unknown
  onEpochBegin?(epoch: number, logs?: KerasLogs): unknown
  onEpochEnd?(epoch: number, logs?: KerasLogs): unknown
  onBatchBegin?(batch: number, logs?: KerasLogs): unknown
  onBatchEnd?(batch: number, logs?: KerasLogs): unknown
  onYield?(epoch: number, batch: number, logs: KerasLogs): unknown
}

const functions = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onYield',
] as const

export type KerasFunction = (typeof functions)[number]

/** @throws TypeError on what `fit` would not take for one. */
export function checkKerasCallback(value: KerasCallback): void {
  if (functions.some((name) => typeof value?.[name] === 'function')) return
  throw new TypeError(
    `kerasCallbacks: ${describe(value)} is no callback of Keras: it has none of ${functions.join(', ')}`,
  )
}

function describe(value: unknown): string {
  if (typeof value === 'function') return `the class or function ${value.name}`
  return typeof value === 'object' && value !== null ? nameOf(value) : String(value)
}

/** Of its class. */
export function nameOf(callback: KerasCallback): string {
  const name = callback.constructor?.name
  return name === undefined || name === '' || name === 'Object' ? 'a callback' : name
}

/**
 * Whether it looks at the numbers of each batch. Every `tf.Callback` has an `onBatchEnd`: inherited from the class that
 * declares `setParams` it does nothing.
 */
export function readsBatches(callback: KerasCallback): boolean {
  if (callback.onYield !== undefined) return true
  const owner = prototypesOf(callback).find((one) => Object.hasOwn(one, 'onBatchEnd'))
  if (owner === undefined) return false
  const isInherited = owner !== callback && owner !== Object.getPrototypeOf(callback)
  return !(isInherited && Object.hasOwn(owner, 'setParams'))
}

/** The object, and what it inherits from. */
function prototypesOf(object: object | null): object[] {
  return object === null ? [] : [object, ...prototypesOf(Object.getPrototypeOf(object))]
}
