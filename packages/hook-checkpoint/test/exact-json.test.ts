import { expect, test } from 'vitest'
import { fromExactJson, toExactJson } from '../src/exact-json.ts'

const values = {
  numbers: [NaN, Infinity, -Infinity, -0, 0, 0.1, 5e-324, 2 ** 53],
  texts: ['NaN', '\ud800', '"\\\u2028'],
  lookalikes: [{ $number: 'NaN' }, { $number: 1, $$number: { $number: -0 } }, { $$$number: NaN, number: 1 }],
  nothing: [null, {}, [], false],
}

test('every number comes back as it was, and so does what looks like the marker of one', () => {
  expect(fromExactJson(toExactJson(values))).toStrictEqual(values)
  expect(fromExactJson(toExactJson(values, 2))).toStrictEqual(values)
})

test('a number that JSON has no word for is written as one', () => {
  expect(toExactJson({ loss: NaN, rate: -0 })).toBe('{"loss":{"$number":"NaN"},"rate":{"$number":"-0"}}')
})

test('what nobody writes is refused', () => {
  for (const text of [
    '{"$number":"1"}',
    '{"$number":"NaN","x":1}',
    '{"$number":0}',
    '{"$number":"toString"}',
  ]) {
    expect(() => fromExactJson(text)).toThrow('$number that is no number')
  }
  expect(() => fromExactJson('{"a":[{"__proto__":{"x":1}}]}')).toThrow('__proto__')
  expect(() => fromExactJson('{"a":')).toThrow()
})
