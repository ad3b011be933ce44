import { styleText } from 'node:util';
import isUnicodeSupported from 'is-unicode-supported';
/** Whether lines can be drawn over: not where output goes to a file, or to the log of a build server. */
export function canRedraw(terminal) {
    const { CI = '', TERM } = process.env;
    return terminal.isTTY === true && ['', '0', 'false'].includes(CI) && TERM !== 'dumb';
}
/** The last column stays free: a character there makes some terminals begin a new line. */
export function lookOf(terminal) {
    const colored = terminal.hasColors?.() === true;
    return {
        columns: Math.max(1, (terminal.columns ?? 80) - 1),
        unicode: isUnicodeSupported(),
        paint: (style, text) => colored && style !== 'plain' && text !== '' ? styleText(style, text, { validateStream: false }) : text,
    };
}
