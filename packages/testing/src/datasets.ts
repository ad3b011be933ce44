import { arrays, type Dataset, random } from '@hookstep/trainer'

export interface LineOptions {
  /** Default 64. */
  readonly samples?: number
  /** Inputs of a sample. Default 1. */
  readonly inputs?: number
  /** Standard deviation of what blurs the targets. Default 0.05. */
  readonly noise?: number
  /** Draws the samples. Default 0. */
  readonly seed?: number
}

/**
 * Points on a line, or a plane where there are several inputs: each target is the sum of
 * 2 · x₁, -1 · x₂, 2 · x₃ …, plus 0.5, a little blurred. `inputs` of shape [samples, inputs] are within
 * -1 and 1; `targets` have the shape [samples, 1]. `plainBackend()` learns it in 20 steps at a
 * learning rate of 0.2.
 */
export function line({ samples = 64, inputs = 1, noise = 0.05, seed = 0 }: LineOptions = {}): Dataset {
  const numbers = random(seed, 'line')
  const points = new Float32Array(samples * inputs).map(() => 2 * numbers.next() - 1)
  const targets = new Float32Array(samples).map((_, sample) => {
    const point = points.subarray(sample * inputs, (sample + 1) * inputs)
    return point.reduce((sum, x, i) => sum + (i % 2 === 0 ? 2 : -1) * x, 0.5) + noise * numbers.normal()
  })
  return arrays({
    inputs: { data: points, shape: [samples, inputs] },
    targets: { data: targets, shape: [samples, 1] },
  })
}

export interface CornersOptions {
  /** Default 128. */
  readonly samples?: number
  /** Draws the samples. Default 0. */
  readonly seed?: number
}

/**
 * Points of a square in two classes: opposite corners belong together, so that no line parts them.
 * `inputs` of shape [samples, 2] are within -1 and 1; `targets` of shape [samples] are 0 or 1.
 * `plainBackend({ layers: [2, 8, 2], loss: 'cross_entropy' })` learns it in 200 steps at a learning rate of 0.2.
 */
export function corners({ samples = 128, seed = 0 }: CornersOptions = {}): Dataset {
  const numbers = random(seed, 'corners')
  const points = new Float32Array(samples * 2).map(() => 2 * numbers.next() - 1)
  const targets = new Int32Array(samples).map((_, sample) => classOf(points, sample))
  return arrays({
    inputs: { data: points, shape: [samples, 2] },
    targets: { data: targets, shape: [samples] },
  })
}

function classOf(points: Float32Array, sample: number): number {
  const [x, y] = [points[2 * sample] as number, points[2 * sample + 1] as number]
  return x > 0 === y > 0 ? 1 : 0
}
