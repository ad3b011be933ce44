import type { Request } from './contexts.ts'
import type { Progress } from './progress.ts'

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
  /**
   * What the microbatches of the step under way have added up, by the session's own names: gradients, loss,
   * metrics. Empty or missing between steps.
   */
  readonly accumulated?: NamedArrays
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

/** How far a step was when a state was taken within it: a run that goes on from there does only the rest. */
export interface PartialStep {
  /** The id of the event that is told next: what comes before it in the order of a step has been told. */
  readonly next: string
  /** The progress that the step will have made, by which it decided what was due. */
  readonly progress: Progress
  /** The rate that the step began with. */
  readonly learningRate: number
  /** Where the data order stood when the step began: its batches are fetched again from there. */
  readonly data: DataState
  /** Batches that have been fetched, and microbatches that have passed: their gradients are added. */
  readonly fetched: number
  readonly microbatches: number
  /** Samples of the step, of all ranks. */
  readonly samples: number
  /** Whether it was to be logged when its forward pass began, or has been: only then are metrics computed. */
  readonly measured: boolean
  /** Whether the parameters have been updated, or were left alone because a hook asked to skip the step. */
  readonly updated: boolean
  readonly skipped: boolean
  /** The step's numbers, where it has got so far: `loss`, `gradient_norm`, metrics. They may be NaN or infinite. */
  readonly values: Readonly<Record<string, number>>
  /** The evaluation that was under way: batches done, and what they have added up. */
  readonly evaluation?: PartialEvaluation
}

/** An evaluation that was under way. */
export interface PartialEvaluation {
  /** Batches that are done, those included of which this rank had no sample. */
  readonly batches: number
  /** This rank's samples of them. */
  readonly samples: number
  /** Each value, weighted by samples and summed in the order of the batches. They may be NaN or infinite. */
  readonly sums: Readonly<Record<string, number>>
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
  /** What hooks have asked for and the run has not decided; of stops only those that wait for the end of the step under way. */
  readonly requests: readonly Request[]
  /** Present where the state was taken within a step: the counters above are those of the step before. */
  readonly partial?: PartialStep
  /** By the unique names of the hooks. */
  readonly hooks: Readonly<Record<string, HookState>>
  /** The resolved configuration of the run that was saved. */
  readonly configuration: Json
}

/** Everything that one rank needs to continue an inference, besides the parameters. */
export interface InferenceState {
  readonly step: number
  readonly samples: number
  readonly seconds: number
  readonly data: DataState
  readonly requests: readonly Request[]
  readonly hooks: Readonly<Record<string, HookState>>
  readonly configuration: Json
}
