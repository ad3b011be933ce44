import { random } from '@hookstep/trainer'
import { expect, test } from 'vitest'
import { corners, line } from '../src/index.ts'

const firstThree = Uint32Array.of(0, 1, 2)

test('a line is what it says, the same for the same seed', async () => {
  const { inputs, targets } = await line({ inputs: 2, noise: 0 }).batch(firstThree, random(0))
  const expected = [0, 1, 2].map((i) => 2 * (inputs?.data[2 * i] ?? 0) - (inputs?.data[2 * i + 1] ?? 0) + 0.5)
  expect(Array.from(targets?.data ?? [])).toEqual(expected.map((value) => expect.closeTo(value, 6)))
  expect([inputs?.shape, targets?.shape]).toEqual([
    [3, 2],
    [3, 1],
  ])
  const [again, other] = [line({ inputs: 2, noise: 0 }), line({ inputs: 2, noise: 0, seed: 1 })]
  expect(await again.batch(firstThree, random(1))).toEqual({ inputs, targets })
  expect(await other.batch(firstThree, random(0))).not.toEqual({ inputs, targets })
})

test('corners that lie opposite are of one class', async () => {
  const { inputs, targets } = await corners().batch(firstThree, random(0))
  const expected = [0, 1, 2].map((i) =>
    Number((inputs?.data[2 * i] ?? 0) > 0 === (inputs?.data[2 * i + 1] ?? 0) > 0),
  )
  expect([targets?.shape, Array.from(targets?.data ?? [])]).toEqual([[3], expected])
})
