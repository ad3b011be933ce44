import type { Hook, Json, NamedArrays, Request } from '@hookstep/catalogue'
import type { AbortSignalLike, EventBus } from '@hookstep/core'
import type { Backend } from './backend.ts'
import type { Data } from './data.ts'
import { isDataset } from './data-loader.ts'
import type { HookTimings } from './handler-times.ts'
import type { HookIncidents } from './incidents.ts'
import {
  checkBackend,
  checkData,
  checkNames,
  checkPositive,
  checkShapes,
  checkStreamOptions,
  checkWhole,
  neverAborted,
  plainCopy,
  resolveBus,
} from './options.ts'
import { type ProcessGroup, singleProcess } from './process-group.ts'

/** What to infer from which data, with which parameters. */
export interface InferenceOptions {
  /** Computes: `wasm(task)`, for example. */
  readonly backend: Backend
  /** A dataset, or any iterable of batches. It is gone through once, in its order. */
  readonly data: Data
  /**
   * Where the parameters come from: the state of a training run, of which nothing else is used, or `task`, the
   * task itself, whose model is trained already. Default: the task as well, with a warning.
   */
  readonly from?: ParameterSource | 'task'
  /** Samples in a batch of one rank. Only for datasets. Default 32. */
  readonly batchSize?: number
  /** Batches that are fetched ahead. Only for datasets; an iterable is read one batch ahead. Default 1. */
  readonly prefetch?: number
  /** Seeds what the task or the data draws, if anything. Default 0. */
  readonly seed?: number
  /** What watches, in the order it is to be told. */
  readonly hooks?: readonly Hook[]
  /** A bus of your own to deliver the events. Default: one of the run's. */
  readonly bus?: EventBus
  /** Ends the run at once when it aborts. */
  readonly signal?: AbortSignalLike
  /** The processes that share the data. Default: this one alone. */
  readonly distributed?: ProcessGroup
  /** Milliseconds that the run waits for a handler's promise before it fails; Infinity: for ever. Default 300,000. Not with a bus of your own. */
  readonly handlerTimeoutMs?: number
  /** Milliseconds from which on a handler that keeps the run waiting is told as slow; Infinity: never. Default 1000. */
  readonly slowHookMs?: number
}

/** What holds parameters: a `RunState`, for example. */
export interface ParameterSource {
  readonly session: { readonly parameters: NamedArrays }
}

/** Every option, checked, with its default where none was given. */
export interface ResolvedInferenceOptions {
  readonly backend: Backend
  readonly data: Data
  readonly from: ParameterSource | 'task' | undefined
  readonly batchSize: number
  readonly prefetch: number
  readonly seed: number
  readonly hooks: readonly Hook[]
  readonly bus: EventBus
  readonly signal: AbortSignalLike
  readonly group: ProcessGroup
  readonly slowHookMs: number
  /** The same as plain values, to be compared and kept. */
  readonly configuration: Json
}

/** What became of an inference, those before a resume included. */
export interface InferenceSummary {
  readonly outcome: 'finished' | 'stopped'
  /** Why it stopped, and who asked. */
  readonly reason?: string
  readonly requestedBy?: string
  /** Steps whose outputs were delivered. */
  readonly steps: number
  /** Their samples, of all ranks. */
  readonly samples: number
  readonly seconds: number
  /** What the handlers of each hook have cost, by name. */
  readonly timings: Readonly<Record<string, HookTimings>>
  /** Every request that was made, with who and why. */
  readonly requests: readonly Request[]
  readonly warnings: readonly string[]
  /** Hooks that failed or missed events without ending the run, by name. Empty when all went well. */
  readonly incidents: Readonly<Record<string, HookIncidents>>
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError | RangeError naming the option, its value and the remedy.
 */
export function resolveInferenceOptions(options: InferenceOptions): ResolvedInferenceOptions {
  checkNames('inference', options, optionNames)
  checkBackend(options.backend)
  checkData('data', options.data)
  checkStreamOptions(options, ['batchSize', 'prefetch'])
  checkShapes(options)
  const resolved = {
    backend: options.backend,
    data: options.data,
    from: checkSource(options.from),
    batchSize: checkWhole('batchSize', options.batchSize ?? 32, 1),
    prefetch: checkWhole('prefetch', options.prefetch ?? 1, 0),
    seed: checkWhole('seed', options.seed ?? 0, 0),
    hooks: options.hooks ?? [],
    bus: resolveBus(options),
    signal: options.signal ?? neverAborted,
    group: options.distributed ?? singleProcess,
    slowHookMs: checkPositive('slowHookMs', options.slowHookMs ?? 1000),
  }
  return { ...resolved, configuration: describe(resolved) }
}

const optionNames: Readonly<Record<keyof InferenceOptions, true>> = {
  backend: true,
  data: true,
  from: true,
  batchSize: true,
  prefetch: true,
  seed: true,
  hooks: true,
  bus: true,
  signal: true,
  distributed: true,
  handlerTimeoutMs: true,
  slowHookMs: true,
}

function checkSource(from: InferenceOptions['from']): InferenceOptions['from'] {
  if (from === undefined || from === 'task') return from
  if (typeof (from as { then?: unknown } | null)?.then === 'function') {
    throw new TypeError('from is a promise: await the state before it is given')
  }
  if (typeof from?.session?.parameters === 'object' && from.session.parameters !== null) return from
  throw new TypeError(
    `from is ${typeof from === 'object' ? 'an object without session.parameters' : String(from)}; give the state ` +
      "of a training run, or 'task' where the task's model is trained already",
  )
}

function describe(resolved: Omit<ResolvedInferenceOptions, 'configuration'>): Json {
  const { backend, data, from, batchSize, prefetch, seed, hooks, group } = resolved
  return plainCopy({
    backend: backend.name,
    from: from === undefined || from === 'task' ? 'task' : 'state',
    ...(isDataset(data) && { batchSize, prefetch }),
    seed,
    hooks: hooks.map((hook) => hook?.name),
    worldSize: group.worldSize,
  })
}
