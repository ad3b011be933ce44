import { appendFile, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { metrics, type RunState, train } from '@hookstep/catalogue'
import { csv } from '@hookstep/hook-metrics/node'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { resuming, saving, stoppingAfter } from './checkpoints.ts'
import { temporaryFolder } from './processes.ts'
import { at, evaluated, small, trainWith } from './runs.ts'
import { telling } from './telling.ts'

let file: string

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  file = join(await temporaryFolder(), 'runs', 'first', 'numbers.csv')
})

/** The lines of a table, without the seconds that a run took. */
async function linesOf(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  return lines.map((line) =>
    line.replace(/^([\d.]+,[\d.]+,\d+),[\d.e-]+,/, '$1,_,').replace(/(unix_seconds),[\d.]+$/, '$1,_'),
  )
}

/** What was measured, and not when a run began. */
async function numbersOf(path: string): Promise<string[]> {
  return (await linesOf(path)).filter((line) => !line.includes(',run,'))
}

describe('a table', () => {
  test('has a line for each number, by where it comes from', async () => {
    await trainWith([csv(file), telling(4)], { ...evaluated, epochs: 1 })
    const lines = await linesOf(file)
    expect(lines.map((line) => line.replace(/(\.\d{3})\d+$/, '$1'))).toMatchInlineSnapshot(`
      [
        "step,epoch,samples,seconds,source,name,value",
        "0,0,0,_,run,unix_seconds,_",
        "4,0.5,32,_,train,loss,5.358",
        "4,0.5,32,_,train,absolute_error,2.144",
        "4,0.5,32,_,train,learning_rate,0.05",
        "4,0.5,32,_,system,cpu_percent,12.5",
        "4,0.5,32,_,system,broken,NaN",
        "8,1,64,_,train,loss,4.937",
        "8,1,64,_,train,absolute_error,2.128",
        "8,1,64,_,train,learning_rate,0.05",
        "8,1,64,_,evaluation,loss,2.665",
        "8,1,64,_,evaluation,absolute_error,1.481",
        "",
      ]
    `)
  })

  test('quotes what has to be quoted, and keeps what is not finite', async () => {
    const values = { 'a,b': 1, 'say "x"': Infinity, 'two\nlines': -Infinity, cé: Number.NaN, tiny: 1e-12 }
    const odd = at(train.ready, ({ progress, distributed }, run) =>
      run.trigger(metrics.measured, { distributed, progress, step: 0, source: 'odd', values }),
    )
    await trainWith([csv(file), odd], { ...small, steps: 1, epochs: undefined } as never)
    expect((await numbersOf(file)).filter((line) => line.includes(',odd,'))).toEqual([
      '0,0,0,_,odd,"a,b",1',
      '0,0,0,_,odd,"say ""x""",inf',
      '0,0,0,_,odd,two lines,-inf',
      '0,0,0,_,odd,cé,NaN',
      '0,0,0,_,odd,tiny,1e-12',
    ])
  })

  test('that is there already is kept: the run writes one beside it, and says so', async () => {
    const [first, second] = [csv(file), csv(file)]
    await trainWith([first], small)
    const before = await readFile(file, 'utf8')
    const { warnings } = await trainWith([second], small)
    expect([first.file, second.file]).toEqual([file, join(dirname(file), 'numbers-2.csv')])
    expect(await readFile(file, 'utf8')).toBe(before)
    expect(warnings).toEqual([
      `csv: ${file} is there already and is kept; this run is written to ${second.file}`,
    ])
    expect(await linesOf(second.file)).toEqual(await linesOf(file))
  })

  test('needs a name', () => {
    expect(() => csv('')).toThrow(`csv(""): name a file, such as 'runs/digits/numbers.csv'`)
  })
})

describe('a run that is resumed', () => {
  test('goes on in its table, torn as it may be: no line is there twice, none is missing', async () => {
    const whole = join(dirname(file), 'whole.csv')
    await trainWith([csv(whole)])
    const states: RunState[] = []
    await trainWith([csv(file), saving(9, states), stoppingAfter(14)])
    await appendFile(file, '15,1.875,120,0.0')
    await trainWith([csv(file), resuming(states[0])])
    expect(await numbersOf(file)).toEqual(await numbersOf(whole))
    expect((await linesOf(file)).filter((line) => line.includes(',run,'))).toEqual([
      '0,0,0,_,run,unix_seconds,_',
      '9,1.125,72,_,run,unix_seconds,_',
    ])
  })

  test("finds its table again, saved before anything was logged, and leaves another run's alone", async () => {
    const states: RunState[] = []
    await trainWith([csv(file), saving(1, states), stoppingAfter(6)], small)
    await trainWith([csv(file), resuming(states[0])], small)
    expect(await readdir(dirname(file))).toEqual(['numbers.csv'])
    await rm(file)
    await trainWith([csv(file)], small)
    const before = await readFile(file, 'utf8')
    const again = csv(file)
    const { warnings } = await trainWith([again, resuming(states[0])], small)
    expect(warnings).toEqual([
      `csv: the table of the run that goes on is not at ${file}; ${again.file} begins at this step`,
    ])
    expect(await readFile(file, 'utf8')).toBe(before)
  })
})
