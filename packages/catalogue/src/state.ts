import type { Request } from './contexts.ts'

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A plain array with its shape. The kind of array tells the data type. */
export interface NdArray {
  readonly data: Float32Array | Int32Array | Uint8Array
  readonly shape: readonly number[]
}

/** Arrays by unique name. */
export type NamedArrays = Readonly<Record<string, NdArray>>

/** What a backend's session needs to go on exactly. */
export interface SessionState {
  /** What is learned; behind it what else the model keeps, such as the statistics of a normalisation. */
  readonly parameters: NamedArrays
  /** What the optimizer keeps per parameter, named `<parameter>/<slot>`. */
  readonly slots: NamedArrays
  /** Counters and random streams. */
  readonly counters: Json
}

/** Where the data order stands. */
export interface DataState {
  /** The epoch under way, counted from 1. */
  readonly epoch: number
  /** Samples of it that are consumed, by all ranks together. */
  readonly samples: number
  /** Batches of it that this rank has taken: how far a stream is skipped. */
  readonly batches: number
  /** How many samples the data has, where that is known: other data would have another order. */
  readonly length?: number | undefined
}

/** A hook's own state and the version of its form. */
export interface HookState {
  readonly version: number
  readonly state: Json
}

/**
 * Everything that one rank needs to continue a run bit for bit. With several ranks each has a state of its
 * own: what is random in the model differs from rank to rank.
 */
export interface RunState {
  readonly step: number
  /** Passes over the data, the current one in part where its length is known. */
  readonly epochs: number
  readonly samples: number
  readonly seconds: number
  readonly seed: number
  readonly data: DataState
  readonly session: SessionState
  /** What hooks have asked for and the run has not decided; a stop is not among it. */
  readonly requests: readonly Request[]
  /** By the unique names of the hooks. */
  readonly hooks: Readonly<Record<string, HookState>>
  /** The resolved configuration of the run that was saved. */
  readonly configuration: Json
}
