import type { NamedArrays } from '@hookstep/trainer'
import { sizeOf } from './named-arrays.ts'

/** A parameter, and where it begins in the array that holds them all. */
interface Place {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
}

/** The parameters of fully connected layers of these widths: a kernel and a bias each, one after another. */
function placesOf(widths: readonly number[]): readonly Place[] {
  const places: Place[] = []
  let start = 0
  const add = (name: string, shape: readonly number[]): void => {
    places.push({ name, shape, start })
    start += sizeOf(shape)
  }
  for (let layer = 1; layer < widths.length; layer++) {
    const [inputs = 0, outputs = 0] = widths.slice(layer - 1)
    add(`layer${layer}/kernel`, [inputs, outputs])
    add(`layer${layer}/bias`, [outputs])
  }
  return places
}

export function countParameters(widths: readonly number[]): number {
  return placesOf(widths).reduce((count, { shape }) => count + sizeOf(shape), 0)
}

/** Views into `all` by the names of the parameters, each with `suffix` behind it. */
export function named(widths: readonly number[], all: Float32Array, suffix: string = ''): NamedArrays {
  const views = placesOf(widths).map(({ name, shape, start }) => {
    return [`${name}${suffix}`, { data: all.subarray(start, start + sizeOf(shape)), shape }]
  })
  return Object.fromEntries(views)
}
