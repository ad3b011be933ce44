import widthWithin from 'fast-string-truncated-width';
import { duration, namedFigures, rate, stepOf } from './figures.ts';
/** From all there is to what must be told; the first that fits is taken. A bar stands behind the first part. */
const layouts = [
    { parts: ['place', 'count', 'rate', 'time'], bar: true },
    { parts: ['place', 'count', 'time'], bar: true },
    { parts: ['place', 'count', 'time'], bar: false },
    { parts: ['count', 'time'], bar: false },
];
const gap = 2;
const shortestBar = 10;
const longestBar = 30;
/** Two lines, each within the columns: how far the run is, and its numbers. */
export function barLines(view, look) {
    const way = view.evaluating === undefined ? training(view) : evaluating(view, view.evaluating);
    const numbers = numberCells(view);
    return [wayLine(way, look), ...(numbers.length > 0 ? [show(fit(numbers, look), look)] : [])];
}
function training({ progress, epoch, stepsPerEpoch, samplesPerSecond, secondsLeft }) {
    const { step, totalSteps, seconds } = progress;
    const epochs = totalSteps && stepsPerEpoch ? `/${Math.ceil(totalSteps / stepsPerEpoch)}` : '';
    const parts = {
        place: cell(`epoch ${epoch}${epochs}`),
        count: cell(totalSteps === undefined ? `step ${step}` : countOf(step, totalSteps)),
        rate: samplesPerSecond === undefined ? undefined : cell(rate(samplesPerSecond)),
        time: cell(secondsLeft === undefined ? duration(seconds) : `${duration(secondsLeft)} left`, 'cyan'),
    };
    return { parts, share: totalSteps === undefined ? undefined : step / totalSteps };
}
function evaluating({ progress }, { batch, batches }) {
    const parts = {
        place: cell('evaluating', 'magenta'),
        count: cell(batches === undefined ? `batch ${batch}` : countOf(batch, batches)),
        time: cell(stepOf(progress.step, progress.totalSteps), 'dim'),
    };
    return { parts, share: batches === undefined ? undefined : batch / batches };
}
/** As wide at the beginning as at the end, so that nothing moves. */
function countOf(count, total) {
    return `${String(count).padStart(String(total).length)}/${total}`;
}
function wayLine({ parts, share }, look) {
    for (const layout of layouts) {
        const cells = layout.parts.flatMap((name) => parts[name] ?? []);
        const room = look.columns - widthOf(cells);
        const hasBar = layout.bar && share !== undefined;
        if (room < (hasBar ? gap + shortestBar : 0))
            continue;
        if (hasBar)
            cells.splice(1, 0, cell(bar(share, Math.min(room - gap, longestBar), look)));
        return show(cells, look);
    }
    return show(fit([parts.count ?? cell('')], look), look);
}
/** A bar that grows by halves of a character. */
function bar(share, width, { unicode, paint }) {
    const [full, half, rest] = unicode ? ['━', '╸', '─'] : ['=', '-', '.'];
    const halves = Math.floor(Math.min(1, Math.max(0, share)) * width * 2);
    const done = full.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? half : '');
    return paint('cyan', done) + paint('dim', rest.repeat(width - Math.ceil(halves / 2)));
}
/** The latest logged values, then those of the last evaluation. */
function numberCells({ log, evaluation }) {
    const logged = log === undefined ? [] : namedFigures(log.values).map((text) => cell(text));
    if (evaluation === undefined)
        return logged;
    const [first = '', ...others] = namedFigures(evaluation.values);
    const begun = `${logged.length > 0 ? '| ' : ''}evaluation at ${evaluation.step}: ${first}`;
    return [...logged, ...[begun, ...others].map((text) => cell(text, 'dim'))];
}
/** The first cells that fit; the very first is shortened where it must be. */
function fit(cells, { columns }) {
    const fits = (count) => widthOf(cells.slice(0, count)) <= columns;
    let count = cells.length;
    while (count > 0 && !fits(count))
        count--;
    if (count > 0 || cells[0] === undefined)
        return cells.slice(0, count);
    const { text, style } = cells[0];
    return [{ text: text.slice(0, widthWithin(text, { limit: columns }).index), style }];
}
function show(cells, { paint }) {
    return cells.map(({ style, text }) => paint(style, text)).join(' '.repeat(gap));
}
/** With the gaps between the cells. */
function widthOf(cells) {
    return cells.reduce((sum, { text }) => sum + widthWithin(text).width, Math.max(0, cells.length - 1) * gap);
}
function cell(text, style = 'plain') {
    return { text, style };
}
