import { readFile } from 'node:fs/promises'
import { parseJournal } from './journal-format.ts'
import type { JournalRow } from './rows.ts'

/**
 * The rows of a journal, also of one that is being written. What a crash left of a last line is left out.
 *
 * ```ts
 * const rows = await readJournal('runs/digits/journal.jsonl')
 * const losses = rows.flatMap((row) => (row.type === 'log' ? [row.values.loss] : []))
 * ```
 *
 * @throws Error when the file cannot be read; one that names the line that is no row of a journal.
 */
export async function readJournal(file: string): Promise<JournalRow[]> {
  const text = await readFile(file, 'utf8')
  try {
    return parseJournal(text)
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause })
  }
}
