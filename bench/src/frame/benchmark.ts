/**
 * The frame of every benchmark: cases in processes of their own, a table, goals.
 *
 * It knows nothing of what is measured. A benchmark is a file in `src/` that calls {@link benchmark}
 * once; the same file is run again, as a child, for each case of each round.
 */
import { availableParallelism } from 'node:os'
import { flags } from './flags.ts'
import { goalLines, json, table } from './report.ts'
import { type Goal, type Result, Results } from './results.ts'
import { answerAsChild, childCase, runCase } from './rounds.ts'

/** One cell of the table: a subject in a setting. */
export interface Case {
  /** Who is measured: a row of the table, such as `nanoevents`. */
  readonly subject: string
  /** Under what: a column of the table, such as `4 handlers`. */
  readonly setting: string
  /** Prepares, warms up and measures, in a fresh process: a number in the benchmark's unit, less is better. */
  measure(): number | Promise<number>
}

export interface Benchmark {
  /** The name of its file. */
  readonly name: string
  /** What the numbers count, such as `ns per trigger`. */
  readonly unit: string
  /** How often each case is measured. Default 7. */
  readonly rounds?: number
  /** In the order of the table. A subject need not be in every setting. */
  readonly cases: readonly Case[]
  /** What must hold of the results. */
  goals(results: Results): readonly Goal[]
}

/** Runs a benchmark, prints its table, and sets the exit code: 1 when a goal is missed. */
export async function benchmark({ name, unit, rounds = 7, cases, goals }: Benchmark): Promise<void> {
  const child = childCase()
  if (child !== undefined) return answerAsChild(cases[child] as Case)

  const results = await measureAll(name, unit, cases, flags.quick ? 1 : rounds)
  const reached = goals(results)
  console.log(table(name, results))
  console.log(goalLines(reached))
  if (flags.quick) console.log('One short round: it shows that the benchmark runs, and nothing about speed.')
  if (flags.json) console.log(json(name, reached, results))
  process.exitCode = flags.quick || reached.every(({ met }) => met) ? 0 : 1
}

/**
 * Every case once, then every case again: a slow moment of the machine meets all of them alike.
 * Odd rounds go backwards, so that none always comes after the same neighbour.
 */
async function measureAll(
  name: string,
  unit: string,
  cases: readonly Case[],
  rounds: number,
): Promise<Results> {
  const measured: Result[] = cases.map(({ subject, setting }) => ({ subject, setting, unit, rounds: [] }))
  for (let round = 1; round <= rounds; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${round} of ${rounds}`)
    await eachOf(inTurn(cases.length, round), async (position) => {
      const { subject, setting, rounds } = measured[position] as Result
      rounds.push(await runCase(position, `${name}: ${subject}, ${setting}`))
    })
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  return new Results(measured)
}

/** One at a time; where nothing is to be measured, as many as there are processors. */
async function eachOf(
  positions: readonly number[],
  work: (position: number) => Promise<void>,
): Promise<void> {
  const waiting = positions.values()
  const worker = async (): Promise<void> => {
    for (const position of waiting) await work(position)
  }
  await Promise.all(Array.from({ length: flags.quick ? availableParallelism() : 1 }, worker))
}

function inTurn(length: number, round: number): number[] {
  const forwards = Array.from({ length }, (_, position) => position)
  return round % 2 === 1 ? forwards : forwards.reverse()
}
