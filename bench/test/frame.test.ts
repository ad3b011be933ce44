import { beforeAll, expect, it } from 'vitest'
import { buildPrograms, type Run } from './programs.ts'

let run: Run

beforeAll(async () => {
  run = await buildPrograms('fixtures', [
    new URL('./fixtures/fruit.ts', import.meta.url),
    new URL('./fixtures/broken.ts', import.meta.url),
  ])
})

it('prints a table and its goals, and exits with 1 when one is missed', async () => {
  const { exitCode, lines } = await run('fruit', [])
  expect([exitCode, ...lines]).toEqual([
    1,
    'fruit (g)   ripe   dried',
    'apple        150       –',
    'pear         120    24.0',
    'plum        30.3       –',
    'met     apple, to the lightest pear: 1.25 x, at most 1.5',
    'MISSED  apple, to the lightest of all: 4.96 x, at most 4',
  ])
})

it('ends with one line of JSON, with the number of every round, each of a fresh process', async () => {
  const { lines } = await run('fruit', ['--json'])
  expect(JSON.parse(lines.at(-1) as string)).toEqual({
    bench: 'fruit',
    goals: [
      { name: 'apple, to the lightest pear', value: 1.25, limit: 1.5, unit: 'x', met: true },
      { name: 'apple, to the lightest of all', value: 150 / 30.25, limit: 4, unit: 'x', met: false },
    ],
    rows: [
      { subject: 'apple', setting: 'ripe', value: 150, unit: 'g', rounds: [150, 150] },
      { subject: 'pear', setting: 'ripe', value: 120, unit: 'g', rounds: [120, 120] },
      { subject: 'plum', setting: 'ripe', value: 30.25, unit: 'g', rounds: [30.25, 30.25] },
      { subject: 'pear', setting: 'dried', value: 24, unit: 'g', rounds: [24, 24] },
    ],
  })
})

it('says of a quick run that it shows nothing, and lets no goal decide', async () => {
  const { exitCode, lines } = await run('fruit', ['--quick'])
  expect([exitCode, lines.at(-1)]).toEqual([
    0,
    'One short round: it shows that the benchmark runs, and nothing about speed.',
  ])
})

it.each([
  ['throws', /rotten.*broken: apple, ripe: the process ended with exit code 1/s],
  ['nothing', /broken: apple, ripe: measured NaN, which is not a number/],
  ['a goal about no case', /no case measures "apple" with "unripe"/],
])('fails by name where a case is broken: %s', async (fault, message) => {
  const { exitCode, errors } = await run('broken', [], { FAULT: fault })
  expect(exitCode).toBe(1)
  expect(errors).toMatch(message)
})

it('refuses a flag that it does not know', async () => {
  const { exitCode, errors } = await run('fruit', ['--jsno'])
  expect([exitCode, errors]).toEqual([1, "Unknown option '--jsno': the flags are --json and --quick\n"])
})
