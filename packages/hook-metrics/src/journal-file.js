import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, stat } from 'node:fs/promises';
import { dirname, format, parse } from 'node:path';
import { parseRow } from './journal-format.ts';
import { LineFile } from './line-file.ts';
/** A journal that is being written. */
export class JournalFile {
    run;
    number;
    lines;
    constructor(run, number, lines) {
        this.run = run;
        this.number = number;
        this.lines = lines;
    }
    /** Begins the file of that name or, where there is one already, of the first number that is free. */
    static async create(path, run = randomUUID()) {
        for (let number = 1;; number++) {
            const candidate = numbered(path, number);
            try {
                return new JournalFile(run, number, await LineFile.create(candidate));
            }
            catch (cause) {
                if (cause.code !== 'EEXIST')
                    throw unwritable(candidate, cause);
            }
        }
    }
    /** Opens a run's journal at a position and drops what comes after it; `undefined` where it is not there. */
    static async reopen(path, { run, number, bytes }) {
        const candidate = numbered(path, number);
        const holdsIt = (await lengthOf(candidate)) >= bytes && (await runOf(candidate)) === run;
        if (!holdsIt)
            return undefined;
        try {
            return new JournalFile(run, number, await LineFile.goOn(candidate, bytes));
        }
        catch (cause) {
            throw unwritable(candidate, cause);
        }
    }
    /** The end of what has been appended. */
    get position() {
        const { run, number, lines } = this;
        return { run, number, bytes: lines.bytes };
    }
}
/**
 * Makes the folder of a file, and makes sure that files can be made in it.
 *
 * @throws Error naming the file.
 */
export async function prepareFolder(path) {
    const folder = dirname(path);
    try {
        await mkdir(folder, { recursive: true });
        await access(folder, constants.W_OK);
    }
    catch (cause) {
        throw unwritable(path, cause);
    }
}
/** The n-th file of a name: `journal.jsonl`, `journal-2.jsonl`. */
function numbered(path, number) {
    const { dir, name, ext } = parse(path);
    return number === 1 ? path : format({ dir, name: `${name}-${number}`, ext });
}
/** -1 where there is no file. */
async function lengthOf(path) {
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() === true ? found.size : -1;
}
/** The run that a file's first row names. */
async function runOf(path) {
    const file = await open(path);
    try {
        for await (const line of file.readLines({ autoClose: false })) {
            const row = parseRow(line);
            return row?.type === 'start' ? row.run : undefined;
        }
        return undefined;
    }
    finally {
        await file.close();
    }
}
function unwritable(path, cause) {
    const { message } = cause;
    return new Error(`${path} cannot be written: ${message}; name a file in a folder that can be`, { cause });
}
