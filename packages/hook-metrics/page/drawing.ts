import uPlot from 'uplot'
import type { ChartLine } from './charts.ts'
import type { PageSeries } from './run-store.ts'
import type { Settings } from './settings.ts'
import { smooth } from './smooth.ts'

/** How a line is drawn. */
export interface Stroke {
  readonly color: string
  /** `faint`: what a smoothed line was made from. */
  readonly kind: 'line' | 'faint' | 'evaluation'
}

/** What a chart draws. */
export interface Drawing {
  readonly data: uPlot.AlignedData
  /** One for each of the data behind the x values. */
  readonly strokes: readonly Stroke[]
}

type Table = [xs: number[], ...values: (number | null)[][]]

/** Lines with x values of their own, brought to common ones as the chart library wants them. */
export function drawingOf(lines: readonly ChartLine[], settings: Settings): Drawing {
  const tables: Table[] = []
  const strokes: Stroke[] = []
  for (const { series, color, isEvaluation } of lines) {
    const drawn = onScale(series.values, settings.isLog)
    const isSmoothed = settings.smoothing > 0 && !isEvaluation
    const smoothed = isSmoothed
      ? [onScale(smooth(series.means, series.counts, settings.smoothing), settings.isLog)]
      : []
    tables.push([xsOf(series, settings), drawn, ...smoothed])
    strokes.push({ color, kind: isEvaluation ? 'evaluation' : isSmoothed ? 'faint' : 'line' })
    if (isSmoothed) strokes.push({ color, kind: 'line' })
  }
  const [first, ...others] = tables
  if (first === undefined) return { data: [[]], strokes }
  // A point where another line has none is no gap in this one.
  const data = others.length === 0 && isRising(first[0]) ? first : uPlot.join(tables)
  return { data: data as uPlot.AlignedData, strokes }
}

function xsOf(series: PageSeries, { axis }: Pick<Settings, 'axis'>): number[] {
  return axis === 'step' ? series.steps : series.seconds
}

/** The value of a series at a place, that of the nearest point; without a place the last one. */
export function valueAt(
  series: PageSeries,
  settings: Settings,
  x: number | undefined,
): number | null | undefined {
  if (x === undefined) return series.values.findLast((value) => value !== null) ?? series.values.at(-1)
  const xs = xsOf(series, settings)
  let [low, high] = [0, xs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((xs[middle] as number) <= x) low = middle + 1
    else high = middle
  }
  const isAfter = low === 0 || (low < xs.length && (xs[low] as number) - x < x - (xs[low - 1] as number))
  return series.values[isAfter ? low : low - 1]
}

/** A logarithmic axis has no place for 0 and below. */
function onScale(values: readonly (number | null)[], isLog: boolean): (number | null)[] {
  return isLog ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values]
}

function isRising(xs: readonly number[]): boolean {
  return xs.every((x, i) => i === 0 || x > (xs[i - 1] as number))
}
