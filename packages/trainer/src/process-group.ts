import type { Distributed } from '@hookstep/catalogue'

/** Numbers that processes reduce together. */
export type Reducible = Float32Array | Float64Array | Int32Array

/**
 * The processes that train together, and what they do as one. Every rank must call the same
 * collectives in the same order. A group of one process returns at once.
 */
export interface ProcessGroup extends Distributed {
  /** Replaces the values by their sum, maximum or minimum over all ranks, element by element. */
  allReduce(values: Reducible, operation: 'sum' | 'max' | 'min'): void | Promise<void>
  /** Replaces the values by those of one rank. */
  broadcast(values: Reducible, from: number): void | Promise<void>
  /** Waits until all ranks are here. */
  barrier(): void | Promise<void>
  /** Makes collectives fail on every rank, so that none waits for one that is gone. */
  abort(reason: Error): void
}
