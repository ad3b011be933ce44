import { evaluate, train } from '@hookstep/catalogue';
import { Pace } from './pace.ts';
/** Follows a run's evaluations; the steps are for the caller to observe, when it reports. */
export function paceOf(run) {
    const pace = new Pace();
    const observe = () => pace.observe({ ...run.progress, seconds: now() });
    let evaluatingSince = 0;
    run.subscribe(train.step.post, observe, { once: true });
    run.subscribe(evaluate.pre, () => {
        evaluatingSince = now();
    });
    run.subscribe(evaluate.post, () => pace.pause(now() - evaluatingSince));
    return {
        observe,
        outlook: () => {
            const { step, totalSteps } = run.progress;
            const secondsLeft = totalSteps === undefined ? undefined : pace.secondsFor(totalSteps - step);
            return { totalSteps, samplesPerSecond: pace.samplesPerSecond, secondsLeft };
        },
    };
}
function now() {
    return performance.now() / 1000;
}
