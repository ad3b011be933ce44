import type { Goal, Result, Results } from './results.ts'

/** Subjects down, settings across, in the order of the cases. */
export function table(name: string, results: Results): string {
  const subjects = distinct(results.all.map(({ subject }) => subject))
  const settings = distinct(results.all.map(({ setting }) => setting))
  const cell = (subject: string, setting: string): string =>
    has(results.all, subject, setting) ? short(results.of(subject, setting)) : '–'
  const lines = [
    [`${name} (${results.all[0]?.unit})`, ...settings],
    ...subjects.map((subject) => [subject, ...settings.map((setting) => cell(subject, setting))]),
  ]
  return aligned(lines)
}

export function goalLines(goals: readonly Goal[]): string {
  return goals
    .map(({ name, value, limit, unit, met }) => {
      const verdict = met ? 'met   ' : 'MISSED'
      return `${verdict}  ${name}: ${short(value)} ${unit}, at most ${limit}`
    })
    .join('\n')
}

/** The machine's form: one line. Times are the least of their rounds. */
export function json(bench: string, goals: readonly Goal[], results: Results): string {
  const rows = results.all.map(({ subject, setting, unit, rounds }) => ({
    subject,
    setting,
    value: fourDigits(results.of(subject, setting)),
    unit,
    rounds: rounds.map(fourDigits),
  }))
  return JSON.stringify({ bench, goals, rows })
}

function aligned(lines: readonly string[][]): string {
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] as string).length)),
  )
  const padded = (text: string, column: number): string => {
    const width = widths[column] as number
    return column === 0 ? text.padEnd(width) : text.padStart(width)
  }
  return lines.map((line) => line.map(padded).join('   ')).join('\n')
}

function fourDigits(value: number): number {
  return Number(value.toPrecision(4))
}

/** Three digits that count. */
function short(value: number): string {
  const decimals = value === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.min(Math.max(decimals, 0), 2))
}

function has(all: readonly Result[], subject: string, setting: string): boolean {
  return all.some((result) => result.subject === subject && result.setting === setting)
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)]
}
