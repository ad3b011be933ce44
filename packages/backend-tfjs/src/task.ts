import type { Run } from '@hookstep/trainer'
import type * as tf from '@tensorflow/tfjs'
import type { Loss } from './losses.ts'
import type { Metrics } from './metrics.ts'
import type { Optimizer } from './optimizers/optimizer.ts'

/** What the factory of a task is given. The engine is active and `Math.random` is seeded. */
export interface TaskContext {
  /** TensorFlow.js, the copy whose engine is active. */
  readonly tf: typeof tf
  /** The run's seed. */
  readonly seed: number
}

/**
 * Makes a task. It is called when a session is opened, once per run, so that a file with a factory imports
 * no backend and trains on every one:
 *
 * ```ts
 * import { adam, type TaskFactory } from '@hookstep/backend-tfjs'
 *
 * export const task: TaskFactory = ({ tf }) => ({
 *   model: tf.sequential({
 *     layers: [
 *       tf.layers.dense({ inputShape: [784], units: 128, activation: 'relu' }),
 *       tf.layers.dense({ units: 10 }),
 *     ],
 *   }),
 *   loss: 'sparseSoftmaxCrossEntropy',
 *   optimizer: adam(),
 *   metrics: ['accuracy'],
 * })
 * ```
 *
 * A factory may be asynchronous, to load a file. All that it makes belongs to the session and goes with it.
 */
export type TaskFactory = (context: TaskContext) => Task | Promise<Task>

/** A factory together with what follows the run. */
export interface TaskDefinition {
  readonly build: TaskFactory
  /** Lets the task follow the run as a hook named `task`. Called before `build`. */
  registerEvents?(run: Run): void
}

/** How to train: a model or functions, a loss, an optimizer and metrics. */
export type Task = ModelTask | FunctionTask

interface Common {
  /** The mean over a batch's samples: a name, or a function. See {@link LossName}. */
  readonly loss: Loss
  /** Made by `adam()` and the like. */
  readonly optimizer: Optimizer
  /** Means over a batch's samples: names, or functions by the name under which they are logged. */
  readonly metrics?: Metrics
}

/**
 * A `tf.LayersModel` with one output. Batches bring `targets` and, for a model with one input, `inputs`;
 * for one with several, an array named as each input layer. The penalties of the layers' regularizers
 * are added to the loss.
 */
export interface ModelTask extends Common {
  readonly model: tf.LayersModel
}

/** Functions over tensors that are learned. Batches bring `targets` and whatever `forward` reads. */
export interface FunctionTask<Names extends string = string> extends Common {
  /** Initial values, or variables, by their names. The session takes them over. */
  readonly parameters: Readonly<Record<Names, tf.Tensor>>
  /** The outputs for a batch; the first dimension counts samples. */
  forward(parameters: Readonly<Record<Names, tf.Tensor>>, batch: TensorBatch, mode: Mode): tf.Tensor
}

/**
 * A task of functions, as it is given: for TypeScript, so that `forward` knows the names of the parameters.
 *
 * ```ts
 * import { functionTask, sgd, type TaskFactory } from '@hookstep/backend-tfjs'
 *
 * export const task: TaskFactory = ({ tf }) =>
 *   functionTask({
 *     parameters: { slope: tf.zeros([4, 1]), offset: tf.zeros([1]) },
 *     forward: ({ slope, offset }, { inputs }) => tf.add(tf.matMul(inputs, slope), offset),
 *     loss: 'meanSquaredError',
 *     optimizer: sgd(),
 *   })
 * ```
 */
export function functionTask<Names extends string>(task: FunctionTask<Names>): FunctionTask<Names> {
  return task
}

/** A batch on the device. Reading a name that it does not have is an error. */
export interface TensorBatch {
  readonly inputs: tf.Tensor
  /** Not there when predicting. */
  readonly targets: tf.Tensor
  readonly [name: string]: tf.Tensor
}

export interface Mode {
  /** False when evaluating and predicting: no dropout and the like then. */
  readonly training: boolean
}
