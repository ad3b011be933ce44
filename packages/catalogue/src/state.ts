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
  /** What is learned. */
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
}

/** A hook's own state and the version of its form. */
export interface HookState {
  readonly version: number
  readonly state: Json
}

/** Everything needed to continue a run bit for bit. */
export interface RunState {
  readonly step: number
  readonly samples: number
  readonly seconds: number
  readonly seed: number
  readonly data: DataState
  readonly session: SessionState
  /** By the unique names of the hooks. */
  readonly hooks: Readonly<Record<string, HookState>>
  /** The resolved configuration of the run that was saved. */
  readonly configuration: Json
}
