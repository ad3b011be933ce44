import { showLive } from './live-bar.ts';
import { printLines } from './plain-lines.ts';
import { canRedraw } from './terminal.ts';
/** Those that have a bar. A second run's would draw over it. */
const taken = new WeakSet();
/**
 * Shows how a run goes: epoch and step, samples per second, time left, the latest numbers and those of
 * the last evaluation, in two lines at the end of the terminal. What is printed meanwhile appears above.
 *
 * Where the output is not a terminal (a file, a pipe, a build server: `CI` is set), and for a second run at
 * the same time, it prints a line for each `train.log`, each evaluation and the end. Without colours
 * where `NO_COLOR` is set. The main rank's only.
 *
 * ```ts
 * const hooks = [progressBar()]
 * ```
 */
export function progressBar({ terminal = process.stdout } = {}) {
    return {
        name: 'progress-bar',
        setup(run) {
            if (!run.distributed.isMain)
                return;
            if (!canRedraw(terminal) || taken.has(terminal)) {
                printLines(run, printerTo(terminal));
                return;
            }
            taken.add(terminal);
            const close = showLive(run, terminal);
            return () => {
                taken.delete(terminal);
                close();
            };
        },
    };
}
/** `console.log` goes on where nobody reads any more (`node train.js | head`); a stream's error would end the run. */
function printerTo(terminal) {
    if (terminal === process.stdout)
        return (line) => console.log(line);
    return (line) => terminal.write(`${line}\n`);
}
