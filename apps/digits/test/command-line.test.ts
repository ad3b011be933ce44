import { describe, expect, it } from 'vitest'
import { parseFlags } from '../src/command-line.ts'
import { help } from '../src/help.ts'
import { settingsOf } from '../src/settings.ts'

const message = (...args: string[]): string => {
  try {
    return JSON.stringify(parseFlags(args))
  } catch (error) {
    return (error as Error).message
  }
}

const aPeriod = "a positive number of steps, epochs, samples, seconds or %, such as '100 steps'"

describe('the command line', () => {
  it('takes values behind a space or an equals sign', () => {
    const flags = parseFlags(['--model', 'cnn', '--steps=300', '--learning-rate', '1e-3', '--quiet'])
    expect(flags).toEqual({ model: 'cnn', steps: 300, 'learning-rate': 0.001, quiet: true })
  })

  it.each([
    [['--lerning-rate', '1'], '--lerning-rate: there is no such flag; did you mean --learning-rate?'],
    [['--frobnicate'], '--frobnicate: there is no such flag'],
    [['-m', 'cnn'], '-m: there is no such flag'],
    [['cnn'], 'cnn: every flag begins with --'],
    [['--model', 'mpl'], '--model mpl: takes one of mlp, cnn'],
    [['--model'], '--model: takes a value, one of mlp, cnn'],
    [['--model', '--quiet'], '--model: takes a value, one of mlp, cnn'],
    [['--steps', '2.5'], '--steps 2.5: takes a whole number from 1 on'],
    [['--steps', '-5'], '--steps -5: takes a whole number from 1 on'],
    [['--steps='], '--steps: takes a value, a whole number from 1 on'],
    [['--clip', 'none'], '--clip none: takes a number above 0'],
    [['--log-every', '100 stps'], `--log-every 100 stps: takes ${aPeriod}`],
    [['--eval-every', '0 epochs'], `--eval-every 0 epochs: takes ${aPeriod}`],
    [['--quiet=no'], '--quiet=no: --quiet takes no value'],
  ])('answers %j with what would be right', (args, answer) => {
    expect(message(...args)).toBe(`${answer} (--help lists all flags)`)
  })

  it("shows every flag and each model's defaults in its help", () => {
    expect(help()).toMatchSnapshot()
  })
})

describe('settings', () => {
  const settings = (...args: string[]) => settingsOf(parseFlags(args), new Date('2026-11-21T22:05:39Z'))

  it('come from the recipe of the model where no flag is given', () => {
    const { learningRate, ...plain } = settings()
    expect(plain).toMatchObject({
      model: 'mlp',
      backend: 'wasm',
      batchSize: 128,
      out: 'runs/2026-11-21T22-05-39-mlp',
    })
    expect(settings('--model', 'cnn').out).toBe('runs/2026-11-21T22-05-39-cnn')
  })

  it("let steps take the place of the recipe's epochs", () => {
    expect(settings('--steps', '10').length).toEqual({ steps: 10 })
    expect(settings('--steps', '10', '--epochs', '2').length).toEqual({ steps: 10, epochs: 2 })
    expect(settings('--epochs', '2').length).toEqual({ epochs: 2 })
  })

  it.each([['cosine'], ['linear'], ['constant']])(
    'bring a %s schedule from the first step to the last',
    (name) => {
      const { learningRate } = settings('--schedule', name, '--learning-rate', '1')
      expect([1, 5, 6, 53, 100].map((step) => Number(learningRate(step, 100).toFixed(3)))).toMatchSnapshot()
    },
  )
})
