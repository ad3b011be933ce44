export function logRow({ step, progress, values }) {
    return { type: 'log', ...position(progress), step, values };
}
export function evaluationRow({ step, progress, values }) {
    return { type: 'evaluation', ...position(progress), step, values };
}
export function finishedRow({ progress }) {
    return { type: 'finished', ...position(progress) };
}
export function stoppedRow({ progress, reason, requestedBy, aborted }) {
    return { type: 'stopped', ...position(progress), reason, requestedBy, aborted };
}
export function failedRow({ progress, error, at }) {
    return { type: 'failed', ...position(progress), error: messageOf(error), at };
}
export function position({ step, epochs, samples, seconds }) {
    return { step, epoch: epochs, samples, seconds };
}
function messageOf(error) {
    return error instanceof Error ? error.message : String(error);
}
