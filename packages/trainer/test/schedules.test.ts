import {
  constant,
  cosine,
  linear,
  oneCycle,
  polynomial,
  type Schedule,
  sequence,
  stepped,
  warmup,
} from '@hookstep/trainer'
import { describe, expect, test } from 'vitest'

/** The rates of a run's steps, and of some beyond its end. */
function rates(schedule: Schedule, totalSteps: number, beyond = 0): number[] {
  return Array.from({ length: totalSteps + beyond }, (_, at) => schedule(at + 1, totalSteps))
}

/** The same to 12 digits, whatever the magnitude. */
function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.map((rate) => Number(rate.toPrecision(12)))).toEqual(
    expected.map((rate) => Number(rate.toPrecision(12))),
  )
}

describe('each schedule by hand', () => {
  const half = Math.SQRT1_2
  const cases: readonly [told: string, schedule: Schedule, rates: readonly number[]][] = [
    ['constant', constant(0.3), [0.3, 0.3, 0.3, 0.3, 0.3]],
    ['linear, to nothing', linear({ from: 1 }), [1, 0.75, 0.5, 0.25, 0]],
    ['linear, up', linear({ from: 0.1, to: 0.5 }), [0.1, 0.2, 0.3, 0.4, 0.5]],
    ['cosine', cosine({ from: 2 }), [2, 1 + half, 1, 1 - half, 0]],
    ['cosine, to a rate', cosine({ from: 1, to: 0.5 }), [1, 0.75 + half / 4, 0.75, 0.75 - half / 4, 0.5]],
    ['polynomial of power 2', polynomial({ from: 1 }), [1, 0.5625, 0.25, 0.0625, 0]],
    ['polynomial of power 1, the line', polynomial({ from: 1, power: 1 }), [1, 0.75, 0.5, 0.25, 0]],
    [
      'polynomial, to a rate',
      polynomial({ from: 3, to: 2, power: 3 }),
      [3, 2 + 27 / 64, 2.125, 2 + 1 / 64, 2],
    ],
    ['stepped', stepped({ from: 1, every: 2, factor: 0.1 }), [1, 1, 0.1, 0.1, 0.01]],
  ]
  for (const [told, schedule, expected] of cases) {
    test(told, () => expectRates(rates(schedule, 5), expected))
  }

  test('what has arrived stays, beyond its own steps and beyond the run', () => {
    for (const make of [linear, cosine, polynomial]) {
      const whole = rates(make({ from: 1, to: 0.25 }), 5, 3)
      expect(whole.slice(4)).toEqual([0.25, 0.25, 0.25, 0.25])
      expect(rates(make({ from: 1, to: 0.25, steps: 5 }), 100).slice(0, 8)).toEqual(whole)
    }
  })

  test('a single step is the first', () => {
    for (const make of [linear, cosine, polynomial]) expect(rates(make({ from: 1 }), 1)).toEqual([1])
  })

  test('first and last rates are exact, whatever the length', () => {
    for (const steps of [2, 3, 7, 10, 97, 1000]) {
      for (const make of [linear, cosine, polynomial]) {
        const all = rates(make({ from: 0.3, to: 1e-5 }), steps)
        expect(all[0]).toBe(0.3)
        expect(all.at(-1)).toBeCloseTo(1e-5, 15)
        expect(all).toEqual(all.toSorted((a, b) => b - a))
      }
    }
  })
})

/**
 * torch.optim.lr_scheduler counts steps from 0, and its lengths count the distances between steps: a
 * schedule of n steps here is one of n - 1 there. Its documented closed forms, in those terms:
 */
describe('agrees with the closed forms of PyTorch', () => {
  const [rate, least, length] = [0.4, 0.01, 23]
  const steps = Array.from({ length }, (_, step) => step)

  test('CosineAnnealingLR(T_max=22, eta_min=0.01)', () => {
    const expected = steps.map(
      (step) => least + ((rate - least) * (1 + Math.cos((Math.PI * step) / (length - 1)))) / 2,
    )
    expectRates(rates(cosine({ from: rate, to: least }), length), expected)
  })

  test('LinearLR(start_factor=0.1, end_factor=0.9, total_iters=22)', () => {
    const expected = steps.map((step) => rate * (0.1 + (step / (length - 1)) * (0.9 - 0.1)))
    expectRates(rates(linear({ from: 0.1 * rate, to: 0.9 * rate }), length), expected)
  })

  test('PolynomialLR(total_iters=22, power=1.7)', () => {
    const expected = steps.map((step) => rate * (1 - step / (length - 1)) ** 1.7)
    expectRates(rates(polynomial({ from: rate, power: 1.7 }), length), expected)
  })

  test('StepLR(step_size=7, gamma=0.3)', () => {
    const expected = steps.map((step) => rate * 0.3 ** Math.floor(step / 7))
    expectRates(rates(stepped({ from: rate, every: 7, factor: 0.3 }), length), expected)
  })

  test('SequentialLR of LinearLR(start_factor=1/6, total_iters=5), the warm-up, and CosineAnnealingLR(T_max=17)', () => {
    const expected = steps.map((step) => {
      if (step < 5) return rate * (1 / 6 + (step / 5) * (1 - 1 / 6))
      return (rate * (1 + Math.cos((Math.PI * (step - 5)) / 17))) / 2
    })
    expectRates(rates(warmup(5, cosine({ from: rate })), length), expected)
  })

  test('OneCycleLR(pct_start so that the peak is step 7 from 0, div_factor=10, final_div_factor=100)', () => {
    const between = (from: number, to: number, share: number) =>
      to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2
    const [first, last] = [rate / 10, rate / 10 / 100]
    const expected = steps.map((step) =>
      step <= 7 ? between(first, rate, step / 7) : between(rate, last, (step - 7) / (length - 1 - 7)),
    )
    const cycle = oneCycle({ peak: rate, startDivisor: 10, endDivisor: 100, rise: 7 / 23 })
    expectRates(rates(cycle, length), expected)
  })
})

describe('one cycle', () => {
  test('rises for its share of the steps, is at its peak at the next, and falls to the end', () => {
    const all = rates(oneCycle({ peak: 1 }), 100, 2)
    expect(all.indexOf(1)).toBe(30)
    expectRates([all[0] as number, ...all.slice(99)], [0.04, 4e-6, 4e-6, 4e-6])
    expect(all.slice(0, 31)).toEqual(all.slice(0, 31).toSorted((a, b) => a - b))
    expect(all.slice(30, 100)).toEqual(all.slice(30, 100).toSorted((a, b) => b - a))
  })

  test('has no jump: neighbours differ by no more than the steepest place of its cosines', () => {
    const all = rates(oneCycle({ peak: 1, rise: 0.4 }), 1000)
    const jumps = all.slice(1).map((rate, at) => Math.abs(rate - (all[at] as number)))
    expect(Math.max(...jumps)).toBeLessThan(Math.PI / 2 / 400)
  })

  test('rises and falls, however short it is and however long its rise', () => {
    for (const rise of [0.001, 0.3, 0.5, 0.999]) {
      for (const steps of [3, 4, 10]) {
        const all = rates(oneCycle({ peak: 1, rise }), steps)
        const told = `rise ${rise} of ${steps} steps`
        expect([all[0], Math.max(...all)], told).toEqual([0.04, 1])
        expect(all.at(-1), told).toBeCloseTo(4e-6, 15)
      }
    }
    expect(rates(oneCycle({ peak: 1 }), 2)).toEqual([0.04, 1])
    expect(rates(oneCycle({ peak: 1 }), 1)).toEqual([0.04])
  })

  test('takes steps of its own', () => {
    const cycle = oneCycle({ peak: 1, steps: 10 })
    expect(Array.from({ length: 10 }, (_, at) => cycle(at + 1, undefined))).toEqual(
      rates(oneCycle({ peak: 1 }), 10),
    )
  })
})

describe('warm-up', () => {
  test('rises in a line to the first rate of what follows', () => {
    expectRates(rates(warmup(4, 1), 7), [0.2, 0.4, 0.6, 0.8, 1, 1, 1])
  })

  test('what follows has the rest of the run, and ends with it', () => {
    const followed = rates(warmup(4, cosine({ from: 1, to: 0.1 })), 12)
    expect(followed.slice(4)).toEqual(rates(cosine({ from: 1, to: 0.1 }), 8))
  })

  test('of a run that is shorter than the warm-up', () => {
    expectRates(rates(warmup(4, linear({ from: 1 })), 3), [0.2, 0.4, 0.6])
  })

  test('before a schedule with steps of its own, in a run of unknown length', () => {
    const schedule = warmup(1, linear({ from: 1, steps: 3 }))
    expectRates(
      [1, 2, 3, 4, 5].map((step) => schedule(step, undefined)),
      [0.5, 1, 0.5, 0, 0],
    )
  })
})

describe('a sequence', () => {
  test('each part has its own steps as its length, the last the rest of the run', () => {
    const schedule = sequence([3, linear({ from: 0, to: 1 })], [2, 0.7], cosine({ from: 0.5 }))
    expectRates(rates(schedule, 8, 2), [0, 0.5, 1, 0.7, 0.7, 0.5, 0.25, 0, 0, 0])
  })

  test('of a run that ends within a part', () => {
    const schedule = sequence([3, linear({ from: 0, to: 1 })], 0.1)
    expectRates(rates(schedule, 2), [0, 0.5])
  })

  test('of one part is that part', () => {
    expect(rates(sequence(linear({ from: 1 })), 5)).toEqual(rates(linear({ from: 1 }), 5))
  })

  test('within a sequence, and after a warm-up', () => {
    const inner = sequence([2, linear({ from: 1, to: 0 })], 0.5)
    expectRates(rates(warmup(1, sequence([3, inner], 0.2)), 6), [0.5, 1, 0, 0.5, 0.2, 0.2])
  })
})

describe('refuses', () => {
  const text = (value: unknown) => value as number
  const refusals: readonly [make: () => unknown, message: string][] = [
    [() => constant(-0.1), 'constant: rate is -0.1; a learning rate is a number from 0 on'],
    [() => constant(Number.NaN), 'constant: rate is NaN; a learning rate is a number from 0 on'],
    [() => linear({ from: Infinity }), 'linear: from is Infinity; a learning rate is a number from 0 on'],
    [() => linear({ from: text('1') }), 'linear: from is 1; a learning rate is a number from 0 on'],
    [() => cosine({ from: 1, to: -1 }), 'cosine: to is -1; a learning rate is a number from 0 on'],
    [() => cosine({ from: 1, steps: 0 }), 'cosine: steps is 0; it must be a positive whole number'],
    [() => polynomial({ from: 1, power: 0 }), 'polynomial: power is 0; it must be a positive number'],
    [
      () => polynomial({ from: 1, steps: 1.5 }),
      'polynomial: steps is 1.5; it must be a positive whole number',
    ],
    [
      () => stepped({ from: 1, every: 0, factor: 1 }),
      'stepped: every is 0; it must be a positive whole number',
    ],
    [() => stepped({ from: 1, every: 1, factor: -1 }), 'stepped: factor is -1; it must be a positive number'],
    [() => oneCycle({ peak: -1 }), 'oneCycle: peak is -1; a learning rate is a number from 0 on'],
    [() => oneCycle({ peak: 1, rise: 1 }), 'oneCycle({ rise: 1 }): must lie between 0 and 1'],
    [
      () => oneCycle({ peak: 1, startDivisor: 0 }),
      'oneCycle: startDivisor is 0; it must be a positive number',
    ],
    [() => oneCycle({ peak: 1, endDivisor: 0 }), 'oneCycle: endDivisor is 0; it must be a positive number'],
    [() => warmup(0, 1), 'warmup: steps is 0; it must be a positive whole number'],
    [() => warmup(5, -1), 'constant: rate is -1; a learning rate is a number from 0 on'],
    [() => sequence([0.5, 1], 1), 'sequence: steps is 0.5; it must be a positive whole number'],
  ]
  for (const [make, message] of refusals) {
    test(message, () => expect(make).toThrow(new RangeError(message)))
  }

  const notARate = /^(undefined|\[5,1\]) is no learning rate: give a number or a schedule, such as cosine/
  test('what is neither a number nor a schedule', () => {
    expect(() => warmup(5, undefined as unknown as number)).toThrow(notARate)
    expect(() => sequence([5, undefined as unknown as number], 1)).toThrow(notARate)
    expect(() => sequence([5, 1] as unknown as number)).toThrow(notARate)
  })

  test('a schedule that ends with the run, where nobody knows its length', () => {
    for (const [name, schedule] of Object.entries({
      linear: linear({ from: 1 }),
      cosine: cosine({ from: 1 }),
      polynomial: polynomial({ from: 1 }),
      oneCycle: oneCycle({ peak: 1 }),
    })) {
      const message = `${name}: the run's length is not known; give the schedule its own steps`
      expect(() => schedule(1, undefined)).toThrow(new RangeError(message))
      expect(() => warmup(2, schedule)(3, undefined)).toThrow(new RangeError(message))
    }
  })
})
