import type { JournalRow } from './rows.ts'

const types: readonly string[] = [
  'start',
  'log',
  'evaluation',
  'finished',
  'stopped',
  'failed',
] satisfies JournalRow['type'][]

/** A row as a line of a journal: JSON, with `"NaN"`, `"Infinity"` and `"-Infinity"` for what JSON has no number for. */
export function formatRow(row: JournalRow): string {
  const text = JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )
  return `${text}\n`
}

/**
 * The rows of a journal's text. What a crash left of a last line is left out.
 *
 * @throws SyntaxError naming the line that is no row, or a version that is not known here.
 */
export function parseJournal(text: string): JournalRow[] {
  const lines = text.split('\n')
  const rows: JournalRow[] = []
  for (const [at, line] of lines.entries()) {
    const row = parseRow(line)
    if (row !== undefined) rows.push(row)
    else if (at < lines.length - 1) throw new SyntaxError(`line ${at + 1} is no row of a journal: ${line}`)
  }
  return rows
}

/** The row of a line; `undefined` where it is none. */
export function parseRow(line: string): JournalRow | undefined {
  const row = parseJson(line) as Partial<JournalRow> | null | undefined
  if (row == null || !types.includes(row.type as string)) return undefined
  if (row.type === 'start' && row.version !== 1) {
    throw new SyntaxError(`this journal is of version ${row.version}; version 1 is known here`)
  }
  return ('values' in row ? { ...row, values: readNumbers(row.values) } : row) as JournalRow
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readNumbers(values: Readonly<Record<string, number | string>> = {}): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]))
}
