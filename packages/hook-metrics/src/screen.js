import { onProcessEnd } from './process-end.ts';
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const eraseLineEnd = '\x1b[K';
const eraseBelow = '\x1b[J';
const cursorUp = (lines) => (lines > 0 ? `\x1b[${lines}A` : '');
/**
 * A few lines at the end of a terminal that are drawn over, below everything that is printed. The cursor
 * rests at their beginning: whatever becomes of them when the terminal is resized, they are what is
 * below it.
 */
export class Screen {
    terminal;
    print;
    releases;
    /** What draws the lines. */
    frame = '';
    visible = false;
    /** Whether somebody's print has not ended its line: the lines wait until it does. */
    lineIsOpen = false;
    /** @param neighbours other streams that print on the same terminal. */
    constructor(terminal, neighbours) {
        this.terminal = terminal;
        this.print = terminal.write.bind(terminal);
        const streams = new Set([terminal, ...neighbours]);
        this.releases = [
            ...Array.from(streams, (stream) => intercept(stream, (write, text) => this.makeRoom(write, text))),
            onProcessEnd(() => this.close()),
        ];
        this.print(hideCursor);
    }
    /** Shows these lines, each narrower than the terminal, in place of those before. */
    draw(lines) {
        const shown = lines.slice(0, Math.max(1, (this.terminal.rows ?? 24) - 1));
        const text = shown.join(`${eraseLineEnd}\r\n`);
        const frame = `\r${text}${eraseBelow}${cursorUp(shown.length - 1)}\r`;
        if (frame === this.frame)
            return;
        this.frame = frame;
        this.show();
    }
    /** Takes the lines away until the next drawing, which is in full though they be the same. */
    clear() {
        this.hide();
        this.frame = '';
    }
    /** Prints a line that stays, above the others. */
    printLine(line) {
        const text = `${this.lineIsOpen ? '\n' : ''}${line}\n`;
        this.makeRoom(() => this.print(text), text);
    }
    /** Takes the lines away and gives the terminal back. Calling it again does nothing. */
    close() {
        if (this.releases.length === 0)
            return;
        this.clear();
        this.print(showCursor);
        for (const release of this.releases.splice(0))
            release();
    }
    makeRoom(write, text) {
        this.hide();
        const result = write();
        this.lineIsOpen = text.length > 0 ? !endsLine(text) : this.lineIsOpen;
        this.show();
        return result;
    }
    show() {
        if (this.lineIsOpen || this.frame === '')
            return;
        this.print(this.frame);
        this.visible = true;
    }
    hide() {
        if (this.visible)
            this.print(`\r${eraseBelow}`);
        this.visible = false;
    }
}
function endsLine(text) {
    const last = text.at(-1);
    return last === '\n' || last === 10;
}
/** Lets `around` call a stream's own `write` in its time. Returns what ends that. */
function intercept(stream, around) {
    const target = stream;
    const own = Object.getOwnPropertyDescriptor(target, 'write');
    const original = target.write;
    let active = true;
    const replacement = (...args) => {
        const write = () => original.apply(stream, args);
        return active ? around(write, args[0]) : write();
    };
    target.write = replacement;
    return () => {
        active = false;
        // Somebody who has replaced it in the meantime keeps ours, which only passes on by now.
        if (target.write !== replacement)
            return;
        if (own === undefined)
            delete target.write;
        else
            Object.defineProperty(target, 'write', own);
    };
}
