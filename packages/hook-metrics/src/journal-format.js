const types = [
    'start',
    'log',
    'evaluation',
    'finished',
    'stopped',
    'failed',
];
/** A row as a line of a journal: JSON, with `"NaN"`, `"Infinity"` and `"-Infinity"` for what JSON has no number for. */
export function formatRow(row) {
    const text = JSON.stringify(row, (_, value) => typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
    return `${text}\n`;
}
/**
 * The rows of a journal's text. What a crash left of a last line is left out.
 *
 * @throws SyntaxError naming the line that is no row, or a version that is not known here.
 */
export function parseJournal(text) {
    const lines = text.split('\n');
    const rows = [];
    for (const [at, line] of lines.entries()) {
        const row = parseRow(line);
        if (row !== undefined)
            rows.push(row);
        else if (at < lines.length - 1)
            throw new SyntaxError(`line ${at + 1} is no row of a journal: ${line}`);
    }
    return rows;
}
/** The row of a line; `undefined` where it is none. */
export function parseRow(line) {
    const row = parseJson(line);
    if (row == null || !types.includes(row.type))
        return undefined;
    if (row.type === 'start' && row.version !== 1) {
        throw new SyntaxError(`this journal is of version ${row.version}; version 1 is known here`);
    }
    return ('values' in row ? { ...row, values: readNumbers(row.values) } : row);
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
function readNumbers(values = {}) {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
}
