import type { NamedArrays, NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { Gradients } from './gradients.ts'
import type { NamedTensor } from './parameters.ts'
import { after, type Readback } from './readback.ts'
import { checkArrays, saveTensors } from './saved.ts'
import type { WeightedSums } from './scalars.ts'

/** What the microbatches of a step add up. */
export interface Accumulated {
  readonly gradients: Gradients
  readonly sums: WeightedSums
}

const [sumOf, factorOf] = ['sum/', 'factor/']

/** Copies what has been added up: gradients as `<parameter>/gradient`, loss and metrics as `sum/<name>` times `factor/<name>`. */
export function saveAccumulated(
  { gradients, sums }: Accumulated,
  readback: Readback,
): NamedArrays | Promise<NamedArrays> {
  const values = sums.held().map(([name, { tensor }]) => fixed(sumOf + name, tensor))
  const factors = sums.held().map(([name, { factor }]) => [factorOf + name, bytesOf(factor)] as const)
  const arrays = saveTensors([...gradients.named(), ...values], readback)
  return after(arrays, (saved) => ({ ...saved, ...Object.fromEntries(factors) }))
}

/** @throws Error where the arrays are not what a session of this task adds up, naming them. */
export function checkAccumulated(
  arrays: NamedArrays,
  gradients: readonly NamedTensor[],
  numberNames: readonly string[],
): void {
  const numbers = numberNames.filter((name) => arrays[sumOf + name] ?? arrays[factorOf + name])
  const known = numbers.flatMap((name) => [sumOf + name, factorOf + name])
  checkArrays('accumulated array', gradients, without(arrays, known))
  for (const name of numbers) {
    checkNumber(sumOf + name, arrays[sumOf + name], Float32Array, [])
    checkNumber(factorOf + name, arrays[factorOf + name], Uint8Array, [8])
  }
}

/** Puts copies of arrays that were checked in the place of what has been added up. */
export function loadAccumulated({ gradients, sums }: Accumulated, arrays: NamedArrays): void {
  gradients.load(arrays)
  sums.clear()
  for (const [name, { data }] of Object.entries(arrays)) {
    if (!name.startsWith(sumOf)) continue
    const own = name.slice(sumOf.length)
    sums.add(own, tf.scalar(data[0] as number, 'float32'), numberOf(arrays[factorOf + own] as NdArray))
  }
}

function fixed(name: string, tensor: tf.Tensor): NamedTensor {
  return { name, read: () => tensor, write: () => {} }
}

function without(arrays: NamedArrays, names: readonly string[]): NamedArrays {
  return Object.fromEntries(Object.entries(arrays).filter(([name]) => !names.includes(name)))
}

function checkNumber(
  name: string,
  array: NdArray | undefined,
  kind: typeof Float32Array | typeof Uint8Array,
  shape: readonly number[],
): void {
  if (array?.data instanceof kind && String(array.shape) === String(shape)) return
  const found = array === undefined ? 'missing' : `${array.data.constructor.name} [${array.shape.join(', ')}]`
  throw new Error(
    `The state's accumulated array '${name}' is ${found}; it must be ${kind.name} [${shape.join(', ')}]`,
  )
}

/** A factor has 64 bits, of which every one counts. */
function bytesOf(factor: number): NdArray {
  return { data: new Uint8Array(Float64Array.of(factor).buffer), shape: [8] }
}

function numberOf({ data }: NdArray): number {
  return new Float64Array(Uint8Array.from(data).buffer)[0] as number
}
