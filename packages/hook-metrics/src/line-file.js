import { open, truncate } from 'node:fs/promises';
/** Milliseconds that a line waits at most before its writing begins. */
const flushMs = 1000;
/**
 * A file that grows by whole lines. Lines are gathered and written in the background, in order; what
 * goes wrong there is thrown by the next call.
 */
export class LineFile {
    path;
    handle;
    length;
    pending = [];
    timer;
    /** Settles when all that was flushed is written; never rejects. */
    written = Promise.resolve();
    failure;
    failureIsKnown = false;
    constructor(path, handle, length) {
        this.path = path;
        this.handle = handle;
        this.length = length;
    }
    /** Creates a file that is not there yet; the error's code is `EEXIST` where it is. */
    static async create(path) {
        return new LineFile(path, await open(path, 'ax'), 0);
    }
    /** Opens a file to go on after its first `bytes` bytes. */
    static async goOn(path, bytes) {
        await truncate(path, bytes);
        return new LineFile(path, await open(path, 'a'), bytes);
    }
    /** Length of the file in bytes once all that was appended is written. */
    get bytes() {
        return this.length;
    }
    /** Whether a write has failed. */
    get failed() {
        return this.failure !== undefined;
    }
    /** Adds a line, with its line break. It is written within a second. */
    append(line) {
        this.check();
        this.pending.push(line);
        this.length += Buffer.byteLength(line);
        this.timer ??= setTimeout(() => this.flush(), flushMs);
    }
    /** Begins to write what is pending. */
    flush() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.written = this.written.then(() => this.write());
    }
    /** Waits until everything is on the disk: it survives a power failure from then on. */
    async sync() {
        this.flush();
        await this.written;
        this.check();
        await this.handle.sync();
    }
    /** Writes what is pending and lets go of the file. */
    async close() {
        this.flush();
        await this.written;
        await this.handle.close();
        if (!this.failureIsKnown)
            this.check();
    }
    async write() {
        const text = this.pending.join('');
        this.pending = [];
        if (text === '' || this.failed)
            return;
        try {
            await this.handle.appendFile(text);
        }
        catch (cause) {
            this.failure = new Error(`${this.path} cannot be written: ${cause.message}`, { cause });
        }
    }
    check() {
        if (this.failure === undefined)
            return;
        this.failureIsKnown = true;
        throw this.failure;
    }
}
