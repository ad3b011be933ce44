import { evaluate, train } from '@hookstep/catalogue';
import { evaluationRow, logRow } from './rows.ts';
/**
 * Keeps the numbers of a run in memory, for a page or a notebook to draw. They are not saved with
 * checkpoints: `journal` of `@hookstep/hook-metrics/node` is for that. Given to another run that goes on
 * at a step, it keeps what came up to that step; a run from the beginning starts it afresh.
 *
 * ```ts
 * const seen = history()
 * // … after a run with `hooks: [seen]`
 * const losses = seen.logs.map(({ step, values }) => [step, values.loss])
 * ```
 */
export function history() {
    const logs = [];
    const evaluations = [];
    return {
        name: 'history',
        logs,
        evaluations,
        setup(run) {
            run.subscribe(train.ready, ({ progress }) => {
                dropAfter(logs, progress.step);
                dropAfter(evaluations, progress.step);
            });
            run.subscribe(train.log, (context) => logs.push(logRow(context)));
            run.subscribe(evaluate.post, (context) => evaluations.push(evaluationRow(context)));
        },
    };
}
/** Rows are in the order of their steps. */
function dropAfter(rows, step) {
    while ((rows.at(-1)?.step ?? 0) > step)
        rows.pop();
}
