import type { Backend } from '@hookstep/trainer'
import { crossEntropy, squaredError } from './losses.ts'
import { PlainSession } from './plain-session.ts'

/** A small network of fully connected layers, and how it learns. */
export interface PlainTask {
  /**
   * Widths from the inputs to the outputs: `[1, 1]` is a line, `[2, 8, 2]` has one hidden layer of 8
   * rectified units. Default `[1, 1]`.
   */
  readonly layers?: readonly number[]
  /**
   * `squared_error` takes `targets` of shape [samples, outputs]; `cross_entropy` takes classes, counted
   * from 0, of shape [samples]. Default `squared_error`.
   */
  readonly loss?: 'squared_error' | 'cross_entropy'
  /** Of stochastic gradient descent: a slot per parameter, none where it is 0. Default 0.5. */
  readonly momentum?: number
  /** Standard deviation of what is added to each input while training. Default 0. */
  readonly inputNoise?: number
  /** Steps after which a reading is on the host, as if a device were at work. Default 0. */
  readonly readbackLag?: number
}

const losses = { squared_error: squaredError, cross_entropy: crossEntropy }

/**
 * A backend without tensors: a small network in plain arrays that really learns, the same bits each
 * time. Batches hold `inputs`, of shape [samples, inputs], and `targets`.
 *
 * It is strict, so that what is wrong with its user shows: handles that are not released count in
 * `memory()`, and using a released one, or a closed session, is an error.
 *
 * ```ts
 * const trainer = new Trainer({ backend: plainBackend(), data: line(), steps: 20, learningRate: 0.2 })
 * ```
 *
 * @throws RangeError on a task that cannot be, naming the value.
 */
export function plainBackend(task: PlainTask = {}): Backend {
  const { layers = [1, 1], loss = 'squared_error', momentum = 0.5, inputNoise = 0, readbackLag = 0 } = task
  check('layers', layers, layers.length >= 2 && layers.every(isCount), 'at least two positive whole numbers')
  check('loss', loss, loss in losses, "'squared_error' or 'cross_entropy'")
  check('momentum', momentum, momentum >= 0 && momentum < 1, 'at least 0 and less than 1')
  check('inputNoise', inputNoise, inputNoise >= 0, 'at least 0')
  check('readbackLag', readbackLag, readbackLag === 0 || isCount(readbackLag), 'a number of whole steps')
  const resolved = { layers, loss: losses[loss], momentum, inputNoise, readbackLag }
  return { name: 'plain', open: (options) => new PlainSession(resolved, options) }
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}

function check(option: string, value: unknown, holds: boolean, expected: string): void {
  if (!holds)
    throw new RangeError(`plainBackend: ${option} is ${JSON.stringify(value)}, it must be ${expected}`)
}
