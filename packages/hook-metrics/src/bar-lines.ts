import type { Progress } from '@hookstep/catalogue'
import widthWithin from 'fast-string-truncated-width'
import { duration, namedFigures, rate, stepOf } from './figures.ts'
import type { EvaluationRow, LogRow } from './rows.ts'
import type { Look, Style } from './terminal.ts'

/** What the bar shows. */
export interface View {
  readonly progress: Progress
  /** The epoch under way, counted from 1. */
  readonly epoch: number
  readonly stepsPerEpoch?: number | undefined
  readonly samplesPerSecond?: number | undefined
  readonly secondsLeft?: number | undefined
  /** The latest ones. */
  readonly log?: LogRow | undefined
  readonly evaluation?: EvaluationRow | undefined
  /** The evaluation under way. */
  readonly evaluating?: { readonly batch: number; readonly batches: number | undefined } | undefined
}

interface Cell {
  readonly text: string
  readonly style: Style
}

type Part = 'place' | 'count' | 'rate' | 'time'

/** What the first line can tell; what is not known is left out. */
interface Way {
  readonly parts: Readonly<Partial<Record<Part, Cell | undefined>>>
  /** Done, between 0 and 1. */
  readonly share: number | undefined
}

/** From all there is to what must be told; the first that fits is taken. A bar stands behind the first part. */
const layouts: readonly { readonly parts: readonly Part[]; readonly bar: boolean }[] = [
  { parts: ['place', 'count', 'rate', 'time'], bar: true },
  { parts: ['place', 'count', 'time'], bar: true },
  { parts: ['place', 'count', 'time'], bar: false },
  { parts: ['count', 'time'], bar: false },
]

const gap = 2
const shortestBar = 10
const longestBar = 30

/** Two lines, each within the columns: how far the run is, and its numbers. */
export function barLines(view: View, look: Look): string[] {
  const way = view.evaluating === undefined ? training(view) : evaluating(view, view.evaluating)
  const numbers = numberCells(view)
  return [wayLine(way, look), ...(numbers.length > 0 ? [show(fit(numbers, look), look)] : [])]
}

function training({ progress, epoch, stepsPerEpoch, samplesPerSecond, secondsLeft }: View): Way {
  const { step, totalSteps, seconds } = progress
  const epochs = totalSteps && stepsPerEpoch ? `/${Math.ceil(totalSteps / stepsPerEpoch)}` : ''
  const parts = {
    place: cell(`epoch ${epoch}${epochs}`),
    count: cell(totalSteps === undefined ? `step ${step}` : countOf(step, totalSteps)),
    rate: samplesPerSecond === undefined ? undefined : cell(rate(samplesPerSecond)),
    time: cell(secondsLeft === undefined ? duration(seconds) : `${duration(secondsLeft)} left`, 'cyan'),
  }
  return { parts, share: totalSteps === undefined ? undefined : step / totalSteps }
}

function evaluating({ progress }: View, { batch, batches }: NonNullable<View['evaluating']>): Way {
  const parts = {
    place: cell('evaluating', 'magenta'),
    count: cell(batches === undefined ? `batch ${batch}` : countOf(batch, batches)),
    time: cell(stepOf(progress.step, progress.totalSteps), 'dim'),
  }
  return { parts, share: batches === undefined ? undefined : batch / batches }
}

/** As wide at the beginning as at the end, so that nothing moves. */
function countOf(count: number, total: number): string {
  return `${String(count).padStart(String(total).length)}/${total}`
}

function wayLine({ parts, share }: Way, look: Look): string {
  for (const layout of layouts) {
    const cells = layout.parts.flatMap((name) => parts[name] ?? [])
    const room = look.columns - widthOf(cells)
    const hasBar = layout.bar && share !== undefined
    if (room < (hasBar ? gap + shortestBar : 0)) continue
    if (hasBar) cells.splice(1, 0, cell(bar(share, Math.min(room - gap, longestBar), look)))
    return show(cells, look)
  }
  return show(fit([parts.count ?? cell('')], look), look)
}

/** A bar that grows by halves of a character. */
function bar(share: number, width: number, { unicode, paint }: Look): string {
  const [full, half, rest] = unicode ? ['━', '╸', '─'] : ['=', '-', '.']
  const halves = Math.floor(Math.min(1, Math.max(0, share)) * width * 2)
  const done = (full as string).repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? half : '')
  return paint('cyan', done) + paint('dim', (rest as string).repeat(width - Math.ceil(halves / 2)))
}

/** The latest logged values, then those of the last evaluation. */
function numberCells({ log, evaluation }: View): Cell[] {
  const logged = log === undefined ? [] : namedFigures(log.values).map((text) => cell(text))
  if (evaluation === undefined) return logged
  const [first = '', ...others] = namedFigures(evaluation.values)
  const begun = `${logged.length > 0 ? '| ' : ''}evaluation at ${evaluation.step}: ${first}`
  return [...logged, ...[begun, ...others].map((text) => cell(text, 'dim'))]
}

/** The first cells that fit; the very first is shortened where it must be. */
function fit(cells: readonly Cell[], { columns }: Look): Cell[] {
  const fits = (count: number): boolean => widthOf(cells.slice(0, count)) <= columns
  let count = cells.length
  while (count > 0 && !fits(count)) count--
  if (count > 0 || cells[0] === undefined) return cells.slice(0, count)
  const { text, style } = cells[0]
  return [{ text: text.slice(0, widthWithin(text, { limit: columns }).index), style }]
}

function show(cells: readonly Cell[], { paint }: Look): string {
  return cells.map(({ style, text }) => paint(style, text)).join(' '.repeat(gap))
}

/** With the gaps between the cells. */
function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { text }) => sum + widthWithin(text).width, Math.max(0, cells.length - 1) * gap)
}

function cell(text: string, style: Style = 'plain'): Cell {
  return { text, style }
}
