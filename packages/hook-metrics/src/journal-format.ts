import type { JournalRow, KeptMedia } from './rows.ts'

/** What is written. Files of version 1 have no `measured` and no `media` rows, and are read as well. */
export const formatVersion = 2

const types: readonly string[] = [
  'start',
  'log',
  'evaluation',
  'measured',
  'media',
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
  if (row.type === 'start' && row.version !== 1 && row.version !== formatVersion) {
    throw new SyntaxError(
      `this journal is of version ${row.version}; versions 1 and ${formatVersion} are known here`,
    )
  }
  if (row.type === 'media') return { ...row, media: readMedia(row.media as KeptMedia) } as JournalRow
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

/** A cell of a table may have been a text in the first place. */
function readMedia(media: KeptMedia): KeptMedia {
  if (media.kind !== 'histogram') return media
  return { ...media, edges: media.edges.map(Number), counts: media.counts.map(Number) }
}
