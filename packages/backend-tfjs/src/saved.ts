import type { NamedArrays, NdArray } from '@hookstep/trainer'
import * as tf from '@tensorflow/tfjs'
import type { NamedTensor } from './parameters.ts'
import { after, type Readback } from './readback.ts'
import { sameShape, shapeText } from './shapes.ts'

/** Copies tensors to arrays, each once, as they are at the call. */
export function saveTensors(
  tensors: readonly NamedTensor[],
  readback: Readback,
): NamedArrays | Promise<NamedArrays> {
  const snapshot = readback.snapshot(tensors.map((named) => named.read()))
  return after(snapshot, (arrays) =>
    Object.fromEntries(tensors.map(({ name }, index) => [name, arrays[index] as NdArray])),
  )
}

/** @throws Error where names, shapes or types differ from the tensors', naming them. */
export function checkArrays(what: string, tensors: readonly NamedTensor[], arrays: NamedArrays): void {
  const names = tensors.map(({ name }) => name)
  const missing = names.filter((name) => arrays[name] === undefined)
  const unknown = Object.keys(arrays).filter((name) => !names.includes(name))
  if (missing.length > 0) throw new Error(`The state lacks the ${what} ${quoted(missing)}`)
  if (unknown.length > 0) {
    throw new Error(`The state has the ${what} ${quoted(unknown)}, which the task does not have`)
  }
  for (const { name, read } of tensors) checkArray(`${what} '${name}'`, read(), arrays[name] as NdArray)
}

function checkArray(what: string, { shape, dtype }: tf.Tensor, array: NdArray): void {
  const saved = typeOf(array)
  if (sameShape(array.shape, shape) && saved === dtype) return
  throw new Error(
    `The state's ${what} is ${saved} ${shapeText(array.shape)}; the task's is ${dtype} ${shapeText(shape)}`,
  )
}

function typeOf({ data }: NdArray): string {
  if (data instanceof Float32Array) return 'float32'
  return data instanceof Int32Array ? 'int32' : 'uint8'
}

/** Puts copies of arrays in place of the tensors. */
export function loadTensors(tensors: readonly NamedTensor[], arrays: NamedArrays): void {
  for (const { name, read, write } of tensors) {
    const { shape, dtype } = read()
    write(tf.tensor((arrays[name] as NdArray).data.slice(), [...shape], dtype))
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
