import { printLines } from './plain-lines.ts';
/**
 * Prints the numbers of a run with `console.log`, wherever JavaScript runs: a line for each `train.log`,
 * each evaluation and the end. The main rank's only.
 *
 * ```ts
 * const hooks = [consoleLines()]
 * ```
 */
export function consoleLines() {
    return {
        name: 'console-lines',
        setup(run) {
            if (run.distributed.isMain)
                printLines(run, (line) => console.log(line));
        },
    };
}
