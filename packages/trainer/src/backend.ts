/**
 * The waist between the loops and whatever computes. A backend knows no hook and no event; the
 * trainer never sees a tensor: batches and states are plain arrays, results are handles.
 *
 * Verbs that a device can do at once return nothing; one that must wait returns a promise.
 */
import type { Distributed, NamedArrays, Outputs, Run, SessionState, Values } from '@hookstep/catalogue'

/** What one fetch of data gives: plain arrays by name. The first dimension of each counts samples. */
export type Batch = NamedArrays

/** A runtime and device that can train one task. */
export interface Backend {
  /** Such as `wasm`. */
  readonly name: string
  /** Builds the task's model and optimizer. Called once per run. */
  open(options: SessionOptions): Session | Promise<Session>
  /** Lets the task follow the run as a hook named `task`. */
  registerEvents?(run: Run): void
}

export interface SessionOptions {
  /** Seeds initial parameters and everything random inside the model. */
  readonly seed: number
  readonly distributed: Distributed
}

/** A value still on the device. */
export interface LazyScalar {
  /** Waits for it where it must: a host sync. */
  read(): number | Promise<number>
  /** Releases it. To be called exactly once, after any `read` has settled. */
  dispose(): void
}

/** An open backend that holds one model, and owns every tensor of it. */
export interface Session {
  /** The live model and optimizer, as the task made them. */
  readonly model: unknown
  readonly optimizer: unknown
  /** How many numbers are learned. */
  readonly parameterCount: number
  /** The names of the task's metrics, in a fixed order. */
  readonly metricNames: readonly string[]
  /**
   * Steps after which a number whose reading was begun is surely on the host: 0 where reading is
   * immediate. Log entries are delivered that many steps late, so that no step waits.
   */
  readonly readbackLag: number

  /**
   * Adds `weight` times the gradient of the batch's mean loss to the gradients, and the loss likewise
   * to the step's loss. With `metrics`, the task's metrics as well. The weights of a step, over all its
   * microbatches and ranks, add up to 1: nothing is left to be scaled.
   *
   * @throws Error on arrays that do not fit the model, naming them.
   */
  forwardBackward(batch: Batch, weight: number, metrics: boolean): void | Promise<void>
  /** The step's loss: the weighted sum over the microbatches since `zeroGradients`. */
  loss(): LazyScalar
  /** The step's metrics, where `forwardBackward` was asked for them; likewise a weighted sum. */
  metrics(): Readonly<Record<string, LazyScalar>>
  /** Scales the gradients down to a global norm of at most `maxNorm`; returns the norm before. */
  clipGradients(maxNorm: number): LazyScalar
  /**
   * Copies all gradients, in the order of `save().parameters`, to one array for an all-reduce (zeros where
   * there was no microbatch) …
   */
  readGradients(): Float32Array | Promise<Float32Array>
  /** … and back. */
  writeGradients(gradients: Float32Array): void
  /** Updates the parameters. */
  optimizerStep(learningRate: number): void | Promise<void>
  /** Clears gradients, loss and metrics for the next step. */
  zeroGradients(): void

  /**
   * The batch's mean loss and metrics, without dropout and the like. Nothing is learned, and gradients
   * stay as they are; nor does `predict` change anything.
   */
  evaluate(batch: Batch): Evaluated
  /** The model's outputs. Only the inputs need to be in the batch. */
  predict(batch: Batch): Outputs | Promise<Outputs>

  /** Copies everything needed to go on exactly. */
  save(): SessionState | Promise<SessionState>
  /**
   * Puts a saved state back, random streams included: it goes on the same, whatever seed opened it.
   *
   * @throws Error when names, shapes or types differ, naming them; the session is then as it was.
   */
  load(state: SessionState): void | Promise<void>
  /** What the session holds on the device: nothing, once closed. */
  memory(): Memory
  /** Releases everything. */
  close(): void | Promise<void>
}

/** A batch that was evaluated. */
export interface Evaluated {
  /** Mean loss and metrics of the batch. A host sync. */
  values(): Values | Promise<Values>
  /** The model's outputs for the batch. A host sync. */
  outputs(): Outputs | Promise<Outputs>
  /** Releases it. To be called exactly once, after any reading has settled. */
  dispose(): void
}

export interface Memory {
  readonly tensors: number
  readonly bytes: number
}
