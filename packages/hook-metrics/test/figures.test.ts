import { expect, test } from 'vitest'
import { duration, namedFigures, rate } from '../src/figures.ts'

test('numbers show four digits that count, and are as long at each step', () => {
  const values = {
    a: 0.25,
    b: 12.3456,
    c: 12345.6,
    d: 1.234e-7,
    e: 0,
    f: NaN,
    g: -Infinity,
    h: -0.5,
    i: 3e12,
  }
  expect(namedFigures(values).join('  ')).toBe(
    'a 0.2500  b 12.35  c 12,346  d 1.23e-7  e 0  f NaN  g -Infinity  h -0.5000  i 3.00e+12',
  )
})

test('the learning rate comes last, as it was written', () => {
  const rates = [0.001, 0.05, 1e-5, 1.5e-6, 1, 0].map((learning_rate) =>
    namedFigures({ learning_rate, loss: 1 }),
  )
  expect(rates.map((texts) => texts.join(', '))).toEqual(
    ['0.001', '0.05', '1e-5', '1.5e-6', '1', '0'].map((lr) => `loss 1.000, lr ${lr}`),
  )
})

test('a name is one line, whatever is in it', () => {
  expect(namedFigures({ 'a\nb\u001b[31m': 1 })).toEqual(['a b [31m 1.000'])
})

test('durations grow by minutes, hours and days', () => {
  expect([-1, 0, 9.4, 59.6, 600, 3723, 86399, 200000].map(duration)).toEqual([
    '0:00',
    '0:00',
    '0:09',
    '1:00',
    '10:00',
    '1:02:03',
    '23:59:59',
    '2d 07:33:20',
  ])
})

test('rates are as exact as they are large', () => {
  expect([12340.4, 100, 99.99, 1.5, 0.04].map(rate)).toEqual([
    '12,340 samples/s',
    '100 samples/s',
    '99.99 samples/s',
    '1.5 samples/s',
    '0.04 samples/s',
  ])
})
