import type { NamedArrays, NdArray } from '@hookstep/trainer'

/** How many numbers an array of this shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1)
}

function kindOf({ data }: NdArray): string {
  return data.constructor.name
}

export function copyOf(arrays: NamedArrays): NamedArrays {
  const copies = Object.entries(arrays).map(([name, { data, shape }]) => [
    name,
    { data: data.slice(), shape },
  ])
  return Object.fromEntries(copies)
}

/**
 * What keeps `given` from taking the place of `expected`, naming the array; `undefined` where it fits.
 * `what` says what the arrays are, such as `parameter`.
 */
export function misfit(what: string, expected: NamedArrays, given: NamedArrays): string | undefined {
  for (const [name, array] of Object.entries(expected)) {
    const other = given[name]
    if (other === undefined) return `${what} "${name}" is missing`
    if (String(other.shape) !== String(array.shape)) {
      return `${what} "${name}" has the shape [${other.shape}], it must be [${array.shape}]`
    }
    if (kindOf(other) !== kindOf(array))
      return `${what} "${name}" is a ${kindOf(other)}, not a ${kindOf(array)}`
    if (other.data.length !== array.data.length)
      return `${what} "${name}" does not fill its shape [${array.shape}]`
  }
  const unknown = Object.keys(given).find((name) => expected[name] === undefined)
  return unknown === undefined ? undefined : `there is no ${what} "${unknown}"`
}
