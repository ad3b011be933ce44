import {
  anyOf,
  at,
  atEnd,
  checkTrigger,
  countsPercent,
  every,
  isDue,
  isDueAtEnd,
  never,
  once,
  type Progress,
  type Trigger,
} from '@hookstep/catalogue'
import { describe, expect, test } from 'vitest'

const beginning: Progress = { step: 0, epochs: 0, samples: 0, seconds: 0, last: false }

/** Where runs of so many steps stand after each of them: 32 samples, an eighth of an epoch and 7 seconds a step. */
function run(totalSteps: number, change: (step: number) => Partial<Progress> = () => ({})): Progress[] {
  const after = (step: number): Progress => ({
    step,
    epochs: step / 8,
    samples: 32 * step,
    seconds: 7 * step,
    totalSteps,
    last: step === totalSteps,
    ...change(step),
  })
  return [{ ...beginning, totalSteps }, ...Array.from({ length: totalSteps }, (_, at) => after(at + 1))]
}

/** The steps at which a trigger is due. */
function dueSteps(trigger: Trigger, progress: readonly Progress[]): number[] {
  return progress
    .slice(1)
    .flatMap((now, at) => (isDue(trigger, progress[at] as Progress, now) ? now.step : []))
}

const throughJson = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value

describe('every(…) and at(…) read a number and a unit', () => {
  test('singular, plural, fractions, exponents and the percent sign, with and without spaces', () => {
    const texts = [
      '100 steps',
      '1 step',
      '1e3 steps',
      '1 epoch',
      '0.5 epochs',
      '.25 epoch',
      '1e6 samples',
      '1e6samples',
      '1E+2 samples',
      '1 sample',
      '30 seconds',
      '1.5 second',
      '5%',
      '2.5 %',
      '5 percent',
      '  7   steps  ',
      '7steps',
      '2epochs',
      '100%',
    ]
    const read = Object.fromEntries(
      texts.map((text) => {
        const { period, unit } = every(text) as Extract<Trigger, { kind: 'every' }>
        return [text, `${period} ${unit}`]
      }),
    )
    expect(read).toEqual({
      '100 steps': '100 steps',
      '1 step': '1 steps',
      '1e3 steps': '1000 steps',
      '1 epoch': '1 epochs',
      '0.5 epochs': '0.5 epochs',
      '.25 epoch': '0.25 epochs',
      '1e6 samples': '1000000 samples',
      '1e6samples': '1000000 samples',
      '1E+2 samples': '100 samples',
      '1 sample': '1 samples',
      '30 seconds': '30 seconds',
      '1.5 second': '1.5 seconds',
      '5%': '5 percent',
      '2.5 %': '2.5 percent',
      '5 percent': '5 percent',
      '  7   steps  ': '7 steps',
      '7steps': '7 steps',
      '2epochs': '2 epochs',
      '100%': '100 percent',
    })
    for (const text of texts) {
      const { period, unit } = every(text) as Extract<Trigger, { kind: 'every' }>
      expect(at(text)).toEqual({ kind: 'at', points: [period], unit })
    }
  })

  test('points are put in order', () => {
    expect(at('2000 steps', '500 steps')).toEqual({ kind: 'at', points: [500, 2000], unit: 'steps' })
  })

  const form = "write a number and a unit: steps, epochs, samples, seconds or %, such as '100 steps'"
  const refusals: readonly [make: () => unknown, message: string][] = [
    [() => every('0 steps'), "every('0 steps'): the period must be a positive number of steps"],
    [() => every('-5 epochs'), "every('-5 epochs'): the period must be a positive number of epochs"],
    [() => every('0%'), "every('0%'): the period must be a positive number of percent"],
    [() => every('150%'), "every('150%'): the period must be at most 100 percent"],
    [() => every('1.5 steps'), "every('1.5 steps'): steps are whole"],
    [() => every('0.5 samples'), "every('0.5 samples'): samples are whole"],
    [() => every('NaN steps'), `every('NaN steps'): ${form}`],
    [() => every('1e999 steps'), `every('1e999 steps'): ${form}`],
    [() => every('1.2.3 epochs'), `every('1.2.3 epochs'): ${form}`],
    [() => every('steps'), `every('steps'): ${form}`],
    [() => every('100'), `every('100'): ${form}`],
    [() => every(''), `every(''): ${form}`],
    [() => every('10 minutes'), `every('10 minutes'): ${form}`],
    [() => every('10 Steps'), `every('10 Steps'): ${form}`],
    [() => every('10 steps 20'), `every('10 steps 20'): ${form}`],
    [() => every(100 as unknown as string), `every('100'): ${form}`],
    [() => every(undefined as unknown as string), `every('undefined'): ${form}`],
    [() => at(), "at(): name at least one point, such as at('500 steps')"],
    [() => at('0 steps'), "at('0 steps'): a point must be a positive number of steps"],
    [() => at('50%', '101%'), "at('50%', '101%'): a point must be at most 100 percent"],
    [() => at('2.5 steps'), "at('2.5 steps'): steps are whole"],
    [() => at('soon'), `at('soon'): ${form}`],
    [
      () => at('5 steps', '1 epoch'),
      "at('5 steps', '1 epoch'): points of one unit, please; combine triggers with anyOf(…)",
    ],
  ]
  for (const [make, message] of refusals) {
    test(`refuses ${message}`, () => expect(make).toThrow(new RangeError(message)))
  }
})

describe('a period is due whenever a multiple of it has been passed', () => {
  const cases: readonly [told: string, trigger: Trigger, due: readonly number[]][] = [
    ['5 steps', every('5 steps'), [5, 10, 15, 20]],
    [
      '1 step',
      every('1 step'),
      run(22)
        .slice(1)
        .map(({ step }) => step),
    ],
    ['a period longer than the run', every('23 steps'), []],
    ['1 epoch of 8 steps', every('1 epoch'), [8, 16]],
    ['half an epoch', every('0.5 epochs'), [4, 8, 12, 16, 20]],
    [
      'a period between steps, at the step that passes it',
      every('0.3 epochs'),
      [3, 5, 8, 10, 12, 15, 17, 20, 22],
    ],
    ['100 samples, 32 a step', every('100 samples'), [4, 7, 10, 13, 16, 19, 22]],
    [
      'once for several multiples that one step passes',
      every('10 samples'),
      run(22)
        .slice(1)
        .map(({ step }) => step),
    ],
    ['30 seconds, 7 a step', every('30 seconds'), [5, 9, 13, 18, 22]],
    ['a quarter of 22 steps', every('25%'), [6, 11, 17, 22]],
    ['all of the run', every('100%'), [22]],
  ]
  for (const [told, trigger, due] of cases) {
    test(told, () => expect(dueSteps(trigger, run(22))).toEqual(due))
  }

  test('shares of a run that does not divide: each multiple at the first step that has passed it', () => {
    const due = dueSteps(every('5%'), run(30))
    expect(due).toEqual([2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21, 23, 24, 26, 27, 29, 30])
  })

  test('shares smaller than a step: at each step, once', () => {
    expect(dueSteps(every('5%'), run(7))).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  test('steps that jump over multiples: once where any were passed, not where none were', () => {
    const samples = [0, 90, 110, 390, 399, 400, 1000]
    const progress = run(6, (step) => ({ samples: samples[step] as number }))
    expect(dueSteps(every('100 samples'), progress)).toEqual([2, 3, 5, 6])
  })

  test('shares of a run of unknown length are never due', () => {
    const progress = run(10, () => ({ totalSteps: undefined })).map(({ totalSteps: _, ...known }) => known)
    expect(dueSteps(anyOf(every('10%'), at('50%')), progress)).toEqual([])
  })

  test('a large count is not mistaken for a multiple: not one sample early', () => {
    const progress = run(3, (step) => ({
      samples: [1_999_999_999, 2_000_000_000, 4_000_000_001][step - 1] as number,
    }))
    expect(dueSteps(every('2e9 samples'), progress)).toEqual([2, 3])
  })

  test('the last bit of a fraction does not make it a step late', () => {
    // As a run counts its epochs: those that are done, and the share of the current one.
    const count = (step: number) => ({ epochs: Math.floor(step / 50) + (step % 50) / 50 })
    expect(1 + 18 / 50).toBeLessThan(1.36)
    expect(dueSteps(at('1.36 epochs'), run(100, count))).toEqual([68])
    for (const tenths of [1, 2, 3, 5, 7]) {
      const due = Array.from({ length: Math.floor(20 / tenths) }, (_, at) => (at + 1) * tenths * 5)
      expect(dueSteps(every(`${tenths / 10} epochs`), run(100, count))).toEqual(due)
    }
  })
})

describe('points, the end, and combinations', () => {
  const cases: readonly [told: string, trigger: Trigger, due: readonly number[]][] = [
    ['points in steps', at('7 steps', '3 steps'), [3, 7]],
    ['points that one step passes are due once', at('33 samples', '40 samples', '65 samples'), [2, 3]],
    ['half of the run', at('50%'), [11]],
    ['a point behind the end', at('23 steps'), []],
    ['once', once, [1]],
    ['the end', atEnd, [22]],
    ['never', never, []],
    ['any of nothing', anyOf(), []],
    ['the end as well', every('10 steps', { last: true }), [10, 20, 22]],
    ['the end as well, where it is a multiple', every('11 steps', { last: true }), [11, 22]],
    ['the end, where it is not asked for', every('10 steps', { last: false }), [10, 20]],
    [
      'any of several, once where they agree',
      anyOf(every('6 steps'), at('4 steps', '12 steps'), once),
      [1, 4, 6, 12, 18],
    ],
    ['any of any', anyOf(anyOf(atEnd), anyOf(never, at('2 steps'))), [2, 22]],
  ]
  for (const [told, trigger, due] of cases) {
    test(told, () => expect(dueSteps(trigger, run(22))).toEqual(due))
  }

  test('tell whether they are due at the end, and whether they take a run of known length', () => {
    const told = (trigger: Trigger) => [isDueAtEnd(trigger), countsPercent(trigger)]
    expect(told(every('1 epoch'))).toEqual([false, false])
    expect(told(every('1 epoch', { last: true }))).toEqual([true, false])
    expect(told(every('1%', { last: true }))).toEqual([true, true])
    expect(told(at('50%'))).toEqual([false, true])
    expect(told(anyOf(once, anyOf(atEnd)))).toEqual([true, false])
    expect(told(never)).toEqual([false, false])
  })
})

describe('a trigger is checked when it is made and when it is used', () => {
  test('what the functions make is one, and so is what JSON makes of it', () => {
    for (const trigger of [every('5%', { last: true }), at('1 epoch'), once, atEnd, never]) {
      expect(() => checkTrigger(trigger)).not.toThrow()
      expect(throughJson(trigger)).toEqual(trigger)
      expect(() => checkTrigger(throughJson(trigger))).not.toThrow()
    }
  })

  const remedy = "is not a trigger; write every('100 steps'), for example"
  const refusals: readonly [value: unknown, message: string][] = [
    ['100 steps', `"100 steps" ${remedy}`],
    [100, `100 ${remedy}`],
    [null, `null ${remedy}`],
    [undefined, `undefined ${remedy}`],
    [every, `the function every ${remedy}`],
    [{ kind: 'often' }, `{"kind":"often"} ${remedy}`],
    [{ kind: 'every', unit: 'steps' }, `{"kind":"every","unit":"steps"} ${remedy}`],
    [{ kind: 'every', period: 0, unit: 'steps' }, `{"kind":"every","period":0,"unit":"steps"} ${remedy}`],
    [{ kind: 'every', period: '5', unit: 'steps' }, `{"kind":"every","period":"5","unit":"steps"} ${remedy}`],
    [{ kind: 'every', period: 5, unit: 'step' }, `{"kind":"every","period":5,"unit":"step"} ${remedy}`],
    [{ kind: 'at', points: 5, unit: 'steps' }, `{"kind":"at","points":5,"unit":"steps"} ${remedy}`],
    [{ kind: 'any' }, `{"kind":"any"} ${remedy}`],
    [{ kind: 'any', triggers: ['1 epoch'] }, `{"kind":"any","triggers":["1 epoch"]} ${remedy}`],
  ]
  for (const [value, message] of refusals) {
    test(`refuses ${message}`, () => {
      expect(() => checkTrigger(value)).toThrow(new TypeError(message))
      expect(() => anyOf(once, value as Trigger)).toThrow(new TypeError(message))
    })
  }
})

/** A small generator (mulberry32), so that a failing case can be drawn again by its seed. */
function drawing(seed: number): (from: number, to: number) => number {
  let state = seed
  return (from, to) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return from + (((mixed ^ (mixed >>> 14)) >>> 0) % (to - from + 1))
  }
}

/** A run of any length whose steps take any number of samples and seconds; some epochs end early. */
function anyRun(draw: (from: number, to: number) => number): Progress[] {
  const totalSteps = draw(1, 60)
  const stepsPerEpoch = draw(1, 20)
  let [samples, seconds] = [0, 0]
  return run(totalSteps, (step) => {
    samples += draw(1, 80)
    seconds += draw(0, 900) / 100
    return {
      samples,
      seconds,
      epochs: Math.floor(step / stepsPerEpoch) + (step % stepsPerEpoch) / stepsPerEpoch,
    }
  })
}

function anyTrigger(draw: (from: number, to: number) => number): Trigger {
  const texts = [
    `${draw(1, 15)} steps`,
    `${draw(1, 300)} samples`,
    `${draw(1, 20) / 10} epochs`,
    `${draw(1, 100)}%`,
    `${draw(1, 400) / 10} seconds`,
  ]
  const text = texts[draw(0, 4)] as string
  const kinds = [
    () => every(text),
    () => every(text, { last: true }),
    () => at(text),
    () => anyOf(once, every(text)),
  ]
  return (kinds[draw(0, 3)] as () => Trigger)()
}

describe('for any trigger and any run', () => {
  const seeds = Array.from({ length: 300 }, (_, seed) => seed)

  test('a run that is split at any step, and goes on from what JSON kept, has the same due steps', () => {
    for (const seed of seeds) {
      const draw = drawing(seed)
      const progress = anyRun(draw)
      const trigger = anyTrigger(draw)
      const split = draw(0, progress.length - 1)
      const first = dueSteps(trigger, progress.slice(0, split + 1))
      const second = dueSteps(throughJson(trigger), throughJson(progress.slice(split)))
      expect([...first, ...second], `seed ${seed}`).toEqual(dueSteps(trigger, progress))
    }
  })

  test('steps, samples and percent are due exactly where whole numbers say that a multiple is passed', () => {
    for (const seed of seeds) {
      const draw = drawing(seed)
      const progress = anyRun(draw)
      const total = progress.length - 1
      const [steps, samples, percent] = [draw(1, 15), draw(1, 300), draw(1, 100)]
      // Without any division: how many multiples fit is counted up.
      const passed = (period: number, count: (now: Progress) => number): number[] => {
        let next = period
        return progress.slice(1).flatMap((now) => {
          const isDue = next <= count(now)
          while (next <= count(now)) next += period
          return isDue ? now.step : []
        })
      }
      expect(
        [`${steps} steps`, `${samples} samples`, `${percent}%`].map((text) =>
          dueSteps(every(text), progress),
        ),
        `seed ${seed}`,
      ).toEqual([
        passed(steps, ({ step }) => step),
        passed(samples, (now) => now.samples),
        passed(percent * total, ({ step }) => 100 * step),
      ])
    }
  })
})
