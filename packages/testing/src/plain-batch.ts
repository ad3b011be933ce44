import type { Batch, NdArray } from '@hookstep/trainer'

/** @throws Error where the batch lacks it. */
export function arrayOf(batch: Batch, name: 'inputs' | 'targets'): NdArray {
  const array = batch[name]
  if (array === undefined) throw new Error(`the batch has no "${name}"`)
  return array
}

/** How many samples there are. @throws Error on inputs that do not fit a model of `width` inputs. */
export function countSamples({ data, shape }: NdArray, width: number): number {
  const size = shape[0] ?? 0
  if (shape.length !== 2 || shape[1] !== width || size === 0 || data.length !== size * width) {
    throw new Error(`the batch's "inputs" have the shape [${shape}], the model takes [samples, ${width}]`)
  }
  return size
}

/** Targets of one number may leave out their last dimension. @throws Error on targets that do not fit. */
export function checkTargets({ data, shape }: NdArray, size: number, width: number): void {
  const fits = shape.length === 1 ? width === 1 : shape.length === 2 && shape[1] === width
  if (!fits || shape[0] !== size || data.length !== size * width) {
    const expected = width === 1 ? `${size}` : `${size}, ${width}`
    throw new Error(`the batch's "targets" have the shape [${shape}], the model takes [${expected}]`)
  }
}
