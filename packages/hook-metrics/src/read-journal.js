import { readFile } from 'node:fs/promises';
import { parseJournal } from './journal-format.ts';
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
export async function readJournal(file) {
    const text = await readFile(file, 'utf8');
    try {
        return parseJournal(text);
    }
    catch (cause) {
        throw new Error(`${file}: ${cause.message}`, { cause });
    }
}
