import {
  checkTrigger,
  every,
  type Hook,
  type Json,
  type Request,
  type Trigger,
  type Values,
} from '@hookstep/catalogue'
import { type AbortSignalLike, EventBus, type EventBusOptions } from '@hookstep/core'
import type { Backend } from './backend.ts'
import type { Data } from './data.ts'
import { isDataset } from './data-loader.ts'
import type { HookTimings } from './handler-times.ts'
import type { HookIncidents } from './incidents.ts'
import { type ProcessGroup, singleProcess } from './process-group.ts'
import { type Schedule, toSchedule } from './schedules.ts'

/** When to train and on what. How to train is the backend's task; what watches is a hook. */
export interface TrainerOptions {
  /** Computes: `wasm(task)`, for example. */
  readonly backend: Backend
  /** The training data: a dataset, or any iterable of batches. */
  readonly data: Data
  /** Length of the run in steps; or */
  readonly steps?: number
  /** in passes over the data. One of the two is needed; with both, what comes first ends the run. */
  readonly epochs?: number
  /** Samples in a microbatch of one rank. Only for datasets. Default 32. */
  readonly batchSize?: number
  /** Microbatches per step and rank. Default 1. */
  readonly accumulate?: number
  /** Draw a new order each epoch, from the seed. Only for datasets. Default true. */
  readonly shuffle?: boolean
  /** What becomes of samples that do not fill an epoch's last step: a smaller, correctly weighted step, or none. Default `keep`. */
  readonly lastBatch?: 'keep' | 'drop'
  /** Batches that are fetched ahead. Only for datasets; an iterable is read one batch ahead. Default 1. */
  readonly prefetch?: number
  /** A number, or a schedule. Default 0.001. */
  readonly learningRate?: number | Schedule
  /** Gradients are scaled down to this global norm. Default: no clipping. */
  readonly maxGradientNorm?: number
  /** Evaluation during and after training. */
  readonly evaluate?: EvaluateOptions
  /** When `train.log` carries a step's numbers. Default `every('10 steps', { last: true })`. */
  readonly log?: Trigger
  /** What a loss that is not finite does: end the run with an error, or skip the step. Default `stop`. */
  readonly nonFiniteLoss?: 'stop' | 'skip'
  /** Seeds parameters, data order and everything else that is random. Default 0. */
  readonly seed?: number
  /** What watches, in the order it is to be told. */
  readonly hooks?: readonly Hook[]
  /** A bus of your own to deliver the events. Default: one of the run's. */
  readonly bus?: EventBus
  /** Ends the run at once when it aborts. */
  readonly signal?: AbortSignalLike
  /** The processes that train together. Default: this one alone. */
  readonly distributed?: ProcessGroup
  /** Milliseconds that the run waits for a handler's promise before it fails; Infinity: for ever. Default 300,000. Not with a bus of your own. */
  readonly handlerTimeoutMs?: number
  /** Milliseconds from which on a handler that keeps the run waiting is told as slow (`hook.slow`, and a warning for each hook); Infinity: never. Default 1000. */
  readonly slowHookMs?: number
}

export interface EvaluateOptions {
  readonly data: Data
  /** Default `every('1 epoch', { last: true })`. */
  readonly when?: Trigger
  /** Samples in a batch of one rank. Only for datasets. Default: the training's. */
  readonly batchSize?: number
}

/** Every option, checked, with its default where none was given. */
export interface ResolvedOptions {
  readonly backend: Backend
  readonly data: Data
  readonly steps: number | undefined
  readonly epochs: number | undefined
  readonly batchSize: number
  readonly accumulate: number
  readonly shuffle: boolean
  readonly lastBatch: 'keep' | 'drop'
  readonly prefetch: number
  readonly learningRate: Schedule
  readonly maxGradientNorm: number | undefined
  readonly evaluate: Required<EvaluateOptions> | undefined
  readonly log: Trigger
  readonly nonFiniteLoss: 'stop' | 'skip'
  readonly seed: number
  readonly hooks: readonly Hook[]
  readonly bus: EventBus
  readonly signal: AbortSignalLike
  readonly group: ProcessGroup
  readonly slowHookMs: number
  /** The same as plain values, to be compared and kept. */
  readonly configuration: Json
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError | RangeError naming the option, its value and the remedy.
 */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  checkNames('the trainer', options, optionNames)
  checkBackend(options.backend)
  checkData('data', options.data)
  checkStreamOptions(options, ['batchSize', 'shuffle', 'lastBatch', 'prefetch'])
  const { steps, epochs, evaluate, maxGradientNorm } = options
  if (steps === undefined && epochs === undefined) {
    throw new TypeError('give steps or epochs: without either, training would not end')
  }
  if (steps !== undefined) checkWhole('steps', steps, 1)
  if (epochs !== undefined) checkWhole('epochs', epochs, 1)
  if (maxGradientNorm !== undefined && !(maxGradientNorm > 0)) {
    throw new RangeError(`maxGradientNorm is ${maxGradientNorm}; it must be a positive number`)
  }
  checkShapes(options)
  const batchSize = checkWhole('batchSize', options.batchSize ?? 32, 1)
  const resolved = {
    steps,
    epochs,
    batchSize,
    accumulate: checkWhole('accumulate', options.accumulate ?? 1, 1),
    shuffle: checkChoice('shuffle', options.shuffle ?? true, [true, false]),
    lastBatch: checkChoice('lastBatch', options.lastBatch ?? 'keep', ['keep', 'drop']),
    prefetch: checkWhole('prefetch', options.prefetch ?? 1, 0),
    maxGradientNorm,
    evaluate: evaluate === undefined ? undefined : resolveEvaluate(evaluate, batchSize),
    log: trigger('log', options.log ?? every('10 steps', { last: true })),
    nonFiniteLoss: checkChoice('nonFiniteLoss', options.nonFiniteLoss ?? 'stop', ['stop', 'skip']),
    seed: checkWhole('seed', options.seed ?? 0, 0),
    hooks: options.hooks ?? [],
    group: options.distributed ?? singleProcess,
  }
  return {
    ...resolved,
    backend: options.backend,
    data: options.data,
    learningRate: resolveLearningRate(options.learningRate ?? 0.001),
    bus: resolveBus(options),
    signal: options.signal ?? neverAborted,
    slowHookMs: checkPositive('slowHookMs', options.slowHookMs ?? 1000),
    configuration: describe(options, resolved),
  }
}

function resolveLearningRate(rate: number | Schedule): Schedule {
  if (typeof rate !== 'number' || (Number.isFinite(rate) && rate >= 0)) return toSchedule(rate)
  throw new RangeError(`learningRate is ${rate}; it must be a number from 0 on, or a schedule`)
}

export const neverAborted: AbortSignalLike = Object.freeze({
  aborted: false,
  addEventListener() {},
  removeEventListener() {},
})

const optionNames: Readonly<Record<keyof TrainerOptions, true>> = {
  backend: true,
  data: true,
  steps: true,
  epochs: true,
  batchSize: true,
  accumulate: true,
  shuffle: true,
  lastBatch: true,
  prefetch: true,
  learningRate: true,
  maxGradientNorm: true,
  evaluate: true,
  log: true,
  nonFiniteLoss: true,
  seed: true,
  hooks: true,
  bus: true,
  signal: true,
  distributed: true,
  handlerTimeoutMs: true,
  slowHookMs: true,
}

/** @throws TypeError on an option that there is not: a typo is an error. */
export function checkNames(owner: string, options: object, names: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      throw new TypeError(`${owner} has no option "${name}"; there are ${Object.keys(names).join(', ')}`)
    }
  }
}

export function checkBackend(backend: Backend): void {
  if (typeof backend?.open !== 'function') {
    throw new TypeError(
      `backend is ${String(backend)}; give one such as wasm(task) of @hookstep/backend-tfjs`,
    )
  }
}

export function checkData(name: string, data: Data): void {
  if (typeof data === 'function') return
  if (typeof data !== 'object' || data === null) {
    throw new TypeError(
      `${name} is ${String(data)}; give a dataset, an iterable of batches, or a function that returns one`,
    )
  }
  if (isDataset(data)) {
    if (!(Number.isInteger(data.length) && data.length > 0)) {
      throw new RangeError(`${name} is empty: its length is ${data.length}`)
    }
  } else if (!(Symbol.iterator in data || Symbol.asyncIterator in data)) {
    throw new TypeError(
      `${name} is neither a dataset ({ length, batch(indices) }) nor an iterable of batches`,
    )
  }
}

/** Options that are objects: what is often mistaken for them is refused. */
export function checkShapes({
  hooks,
  signal,
  distributed,
}: Pick<TrainerOptions, 'hooks' | 'signal' | 'distributed'>): void {
  if (hooks !== undefined && !Array.isArray(hooks)) {
    throw new TypeError(`hooks is ${describeValue(hooks)}; give a list: hooks: [hook]`)
  }
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') {
    throw new TypeError(`signal is ${describeValue(signal)}; give an AbortSignal: controller.signal`)
  }
  if (distributed !== undefined && typeof distributed?.allReduce !== 'function') {
    throw new TypeError(
      `distributed is ${describeValue(distributed)}; give one rank of a group: inMemoryGroup(2)[0]`,
    )
  }
}

function describeValue(value: unknown): string {
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object' && value !== null
      ? 'an object'
      : String(value)
}

/** Options that choose samples mean nothing to data that comes in batches. */
export function checkStreamOptions<Options extends { readonly data: Data }>(
  options: Options,
  names: readonly (keyof Options & string)[],
): void {
  if (isDataset(options.data)) return
  for (const name of names) {
    if (options[name] !== undefined) {
      throw new TypeError(`${name} needs a dataset; the batches of an iterable are taken as they come`)
    }
  }
}

function resolveEvaluate(options: EvaluateOptions, batchSize: number): Required<EvaluateOptions> {
  const { data, when: _, batchSize: own, ...others } = options
  const [stranger] = Object.keys(others)
  if (stranger !== undefined) {
    throw new TypeError(`evaluate has no option "${stranger}"; there are data, when, batchSize`)
  }
  checkData('evaluate.data', data)
  if (own !== undefined && !isDataset(data)) {
    throw new TypeError(
      'evaluate.batchSize needs a dataset; the batches of an iterable are taken as they come',
    )
  }
  return {
    data: options.data,
    when: trigger('evaluate.when', options.when ?? every('1 epoch', { last: true })),
    batchSize: checkWhole('evaluate.batchSize', options.batchSize ?? batchSize, 1),
  }
}

export function resolveBus({
  bus,
  handlerTimeoutMs,
}: Pick<TrainerOptions, 'bus' | 'handlerTimeoutMs'>): EventBus {
  if (bus !== undefined && handlerTimeoutMs !== undefined) {
    throw new TypeError('handlerTimeoutMs belongs to the bus: give it to the EventBus that you hand in')
  }
  return bus ?? new EventBus(timeout(handlerTimeoutMs ?? 300_000))
}

function timeout(ms: number): EventBusOptions {
  if (ms === Infinity) return {}
  // What a timer can count; longer, it would go off at once.
  if (ms > 0 && ms < 2 ** 31) return { handlerTimeoutMs: ms }
  throw new RangeError(`handlerTimeoutMs is ${ms}; it must be positive and less than 2 ** 31, or Infinity`)
}

function trigger(name: string, value: unknown): Trigger {
  try {
    checkTrigger(value)
  } catch (error) {
    throw new TypeError(`${name}: ${(error as Error).message}`, { cause: error })
  }
  return value
}

export function checkPositive(name: string, value: number): number {
  if (!(value > 0)) throw new RangeError(`${name} is ${value}; it must be a positive number`)
  return value
}

export function checkWhole(name: string, value: number, least: number): number {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`${name} is ${value}; it must be a whole number from ${least} on`)
  }
  return value
}

function checkChoice<Choice extends string | boolean>(
  name: string,
  value: Choice,
  choices: readonly Choice[],
): Choice {
  if (!choices.includes(value)) {
    throw new RangeError(`${name} is ${JSON.stringify(value)}; it must be one of ${choices.join(', ')}`)
  }
  return value
}

function describe(
  { backend, data, learningRate = 0.001 }: TrainerOptions,
  resolved: Omit<
    ResolvedOptions,
    'backend' | 'data' | 'learningRate' | 'bus' | 'signal' | 'slowHookMs' | 'configuration'
  >,
): Json {
  const { hooks, group, evaluate, batchSize, shuffle, lastBatch, prefetch, ...plain } = resolved
  const described = {
    backend: backend.name,
    ...plain,
    ...(isDataset(data) && { batchSize, shuffle, lastBatch, prefetch }),
    learningRate: typeof learningRate === 'number' ? learningRate : 'schedule',
    evaluate: evaluate && { when: evaluate.when, batchSize: evaluate.batchSize },
    hooks: hooks.map((hook) => hook?.name),
    worldSize: group.worldSize,
  }
  return plainCopy(described)
}

/** As JSON it is free of undefined, and a copy; frozen it is nobody's to change. */
export function plainCopy(value: object): Json {
  return JSON.parse(JSON.stringify(value), (_, part) => Object.freeze(part)) as Json
}

/** What became of a run. */
export interface RunSummary {
  readonly outcome: 'finished' | 'stopped'
  /** Why it stopped, and who asked. */
  readonly reason?: string
  readonly requestedBy?: string
  readonly steps: number
  /** Passes over the data, the last one in part. */
  readonly epochs: number
  readonly samples: number
  readonly seconds: number
  readonly skippedSteps: number
  /** The last logged values. */
  readonly lastLog?: Values
  /** The values of the last evaluation. */
  readonly lastEvaluation?: Values
  /** Where JavaScript waited for the device: readings of losses, norms, metrics and outputs. */
  readonly hostSyncs: number
  /** The mean over the steps of this run. */
  readonly hostSyncsPerStep: number
  /** What the handlers of each hook have cost, by name. */
  readonly timings: Readonly<Record<string, HookTimings>>
  /** Every request that was made, with who and why. */
  readonly requests: readonly Request[]
  readonly warnings: readonly string[]
  /** Hooks that failed or missed events without ending the run, by name. Empty when all went well. */
  readonly incidents: Readonly<Record<string, HookIncidents>>
}
