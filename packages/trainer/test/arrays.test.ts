import { arrays, type NamedArrays, random } from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

const pick = (columns: NamedArrays, ...indices: number[]) =>
  arrays(columns).batch(Uint32Array.from(indices), random(0))

describe('arrays(…)', () => {
  test('copies rows in the order of the indices, each array in its own type', () => {
    const columns = {
      inputs: { data: Float32Array.of(0.5, 1.5, 2.5, 3.5, 4.5, 5.5), shape: [3, 2] },
      counts: { data: Int32Array.of(-1, 2 ** 31 - 1, 3), shape: [3] },
      pixels: { data: Uint8Array.of(0, 1, 2, 3, 250, 251, 252, 253, 254, 255, 7, 8), shape: [3, 2, 2] },
    }
    expect(arrays(columns).length).toBe(3)
    expect(pick(columns, 2, 0, 2)).toEqual({
      inputs: { data: Float32Array.of(4.5, 5.5, 0.5, 1.5, 4.5, 5.5), shape: [3, 2] },
      counts: { data: Int32Array.of(3, -1, 3), shape: [3] },
      pixels: { data: Uint8Array.of(254, 255, 7, 8, 0, 1, 2, 3, 254, 255, 7, 8), shape: [3, 2, 2] },
    })
  })

  test('the copy is nobody else’s: what is written to it does not reach the data', async () => {
    const data = Float32Array.of(1, 2)
    const batch = await pick({ inputs: { data, shape: [2] } }, 0, 1)
    batch.inputs?.data.fill(9)
    expect(data).toEqual(Float32Array.of(1, 2))
  })

  test('a part of a larger array, and what a file was read to', async () => {
    const part = new Float32Array([9, 9, 1, 2, 9]).subarray(2, 4)
    expect(await pick({ inputs: { data: part, shape: [2] } }, 1, 0)).toEqual({
      inputs: { data: Float32Array.of(2, 1), shape: [2] },
    })
    const bytes = Buffer.from('abcd')
    const { data } = (await pick({ inputs: { data: bytes, shape: [4] } }, 3, 0)).inputs as {
      data: Uint8Array
    }
    expect(data).toEqual(Uint8Array.of(100, 97))
    expect(data.constructor).toBe(Uint8Array)
  })

  const array = (...shape: number[]) => ({ data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape })
  const refusals: readonly [columns: unknown, message: string][] = [
    [{}, 'arrays is empty: give arrays by name, such as { inputs: { data, shape } }'],
    [
      { inputs: new Float32Array(4) },
      'arrays.inputs is not { data, shape } with a typed array and at least one dimension',
    ],
    [
      { inputs: { data: [1, 2], shape: [2] } },
      'arrays.inputs is not { data, shape } with a typed array and at least one dimension',
    ],
    [
      { inputs: { data: new DataView(new ArrayBuffer(2)), shape: [2] } },
      'arrays.inputs is a DataView; make it a Float32Array, an Int32Array or a Uint8Array',
    ],
    [
      { inputs: { data: Float32Array.of(1), shape: [] } },
      'arrays.inputs is not { data, shape } with a typed array and at least one dimension',
    ],
    [
      { inputs: undefined },
      'arrays.inputs is not { data, shape } with a typed array and at least one dimension',
    ],
    [
      { inputs: array(2), weights: { data: new Float64Array(2), shape: [2] } },
      'arrays.weights is a Float64Array; make it a Float32Array, an Int32Array or a Uint8Array',
    ],
    [
      { inputs: { data: new Float32Array(10), shape: [2.5, 4] } },
      'arrays.inputs has the shape [2.5, 4]: sizes are whole numbers',
    ],
    [
      { inputs: { data: new Float32Array(4), shape: [-2, -2] } },
      'arrays.inputs has the shape [-2, -2]: sizes are whole numbers',
    ],
    [
      { inputs: { data: new Float32Array(5), shape: [2, 3] } },
      'arrays.inputs holds 5 numbers, which do not fill its shape [2, 3]',
    ],
    [
      { inputs: array(4, 2), targets: array(3) },
      'arrays.inputs has 4 samples, arrays.targets has 3: give each as many',
    ],
  ]
  for (const [columns, message] of refusals) {
    test(`refuses: ${message}`, () => expect(() => arrays(columns as NamedArrays)).toThrow(message))
  }

  test('refuses an index that is none of a sample', () => {
    expect(() => pick({ inputs: array(3, 2) }, 0, 3)).toThrow(
      new RangeError('arrays: there is no sample 3; they hold 3'),
    )
  })
})
