import type { NamedArrays, NdArray } from '@hookstep/catalogue'
import { platform } from './platform.ts'

/** An array as JSON can hold it, every bit of it: its bytes, low byte first, as base64. */
export type EncodedArray = {
  readonly type: Kind
  readonly shape: readonly number[]
  readonly base64: string
}

export type EncodedArrays = { readonly [name: string]: EncodedArray }

type Kind = 'float32' | 'int32' | 'uint8'

const constructors = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }

/** Four characters for three bytes: a model of a million parameters takes 5.3 MB. */
export function encodeArrays(arrays: NamedArrays): EncodedArrays {
  return mapValues(arrays, ({ data, shape }) => ({ type: kindOf(data), shape, base64: toBase64(data) }))
}

export function decodeArrays(arrays: EncodedArrays): NamedArrays {
  return mapValues(arrays, ({ type, shape, base64 }) => ({
    data: new constructors[type](fromBase64(base64).buffer),
    shape,
  }))
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}

function kindOf(data: NdArray['data']): Kind {
  if (data instanceof Float32Array) return 'float32'
  return data instanceof Int32Array ? 'int32' : 'uint8'
}

/** A call takes only so many arguments. */
const chunk = 0x8000

function toBase64({ buffer, byteOffset, byteLength }: NdArray['data']): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  let text = ''
  for (let from = 0; from < byteLength; from += chunk) {
    text += String.fromCharCode(...bytes.subarray(from, from + chunk))
  }
  return platform.btoa(text)
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  const text = platform.atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}
