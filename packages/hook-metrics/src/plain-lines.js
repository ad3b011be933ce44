import { evaluate, train } from '@hookstep/catalogue';
import { endLine, evaluationLine, logLine, resumedLine } from './lines.ts';
import { evaluationRow, failedRow, finishedRow, logRow, position, stoppedRow } from './rows.ts';
import { paceOf } from './run-pace.ts';
/** Prints a line for each `train.log`, each evaluation and the end. Costs nothing in between. */
export function printLines(run, print) {
    const pace = paceOf(run);
    run.subscribe(train.ready, ({ progress }) => {
        if (progress.step > 0)
            print(resumedLine(position(progress), progress));
    });
    run.subscribe(train.log, (context) => {
        pace.observe();
        print(logLine(logRow(context), pace.outlook()));
    });
    run.subscribe(evaluate.post, (context) => print(evaluationLine(evaluationRow(context), context.progress)));
    onEnd(run, (row) => print(endLine(row, run.progress)));
}
/** Tells how the run ended. */
export function onEnd(run, handle) {
    run.subscribe(train.finished, (context) => handle(finishedRow(context)));
    run.subscribe(train.stopped, (context) => handle(stoppedRow(context)));
    run.subscribe(train.failed, (context) => handle(failedRow(context)));
}
