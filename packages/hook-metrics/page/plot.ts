import uPlot from 'uplot'
import { type Theme, themeOf } from './colors.ts'
import type { Drawing, Stroke } from './drawing.ts'
import type { Range, Settings } from './settings.ts'
import { axisNumber, axisTime, timeSteps } from './ticks.ts'

/** What a chart wants to be told. */
export interface PlotEvents {
  /** Somebody looks at a place of the x axis, or no longer. */
  readonly onLook: (x: number | undefined) => void
  /** Somebody wants to see a part of the x axis, or all of it. */
  readonly onZoom: (range: Range | undefined) => void
}

/** What is drawn, and how. */
export interface Frame {
  readonly drawing: Drawing
  readonly settings: Settings
  readonly zoom: Range | undefined
}

/** Charts of one page show their cursors at the same place. */
const cursors = uPlot.sync('cursors')

/** A chart on the canvas, by uPlot. */
export class Plot {
  private readonly element: HTMLElement
  private readonly events: PlotEvents
  private chart: uPlot | undefined
  /** What the chart was built for: for other lines, axes or colours it is built anew. */
  private built = ''

  constructor(element: HTMLElement, events: PlotEvents) {
    this.element = element
    this.events = events
  }

  show(frame: Frame): void {
    const theme = themeOf(this.element)
    const wanted = JSON.stringify([frame.drawing.strokes, frame.settings.axis, frame.settings.isLog, theme])
    if (this.chart === undefined || this.built !== wanted) this.build(frame, theme)
    this.built = wanted
    this.draw(frame)
  }

  /** Takes the size that its element has. */
  fit(): void {
    const { width, height } = this.size()
    if (this.chart !== undefined && width > 0) this.chart.setSize({ width, height })
  }

  /** Moves the cursor by so many of the points that are drawn, or to an end. */
  moveCursor(by: number): void {
    const { chart } = this
    const xs = chart?.data[0] ?? []
    if (chart === undefined || xs.length === 0) return
    const [first, last] = [chart.valToIdx(chart.scales.x?.min ?? 0), chart.valToIdx(chart.scales.x?.max ?? 0)]
    const at = chart.cursor.idx ?? last
    const next = Math.max(first, Math.min(last, at + by))
    const left = chart.valToPos(xs[next] as number, 'x')
    const { top = 0 } = chart.cursor
    chart.setCursor({ left, top: top > 0 ? top : 1 })
  }

  /** Shows a part so many times as long, around the cursor. */
  zoomBy(factor: number): void {
    const { min, max } = this.chart?.scales.x ?? {}
    if (this.chart === undefined || min == null || max == null) return
    const left = this.chart.cursor.left ?? -1
    const around = left >= 0 ? this.chart.posToVal(left, 'x') : max
    const range = { min: around - (around - min) * factor, max: around + (max - around) * factor }
    this.events.onZoom(within(range, extentOf(this.chart.data)))
  }

  close(): void {
    this.chart?.destroy()
    this.chart = undefined
  }

  private showAll(): null {
    this.events.onZoom(undefined)
    return null
  }

  private draw({ drawing, zoom }: Frame): void {
    const { chart } = this
    if (chart === undefined) return
    const extent = extentOf(drawing.data)
    chart.batch(() => {
      chart.setData(drawing.data, false)
      if (extent !== undefined) chart.setScale('x', zoom ?? extent)
    })
  }

  private build(frame: Frame, theme: Theme): void {
    this.chart?.destroy()
    this.chart = new uPlot(this.optionsFor(frame, theme), frame.drawing.data, this.element)
  }

  private size(): { width: number; height: number } {
    return { width: this.element.clientWidth, height: this.element.clientHeight }
  }

  private optionsFor({ drawing, settings }: Frame, theme: Theme): uPlot.Options {
    return {
      ...this.size(),
      legend: { show: false },
      padding: [8, 18, 0, 0],
      scales: {
        x: { time: false },
        y: settings.isLog ? { distr: 3 } : { range: (_, low, high) => aroundValues(low, high) },
      },
      axes: [xAxis(settings, theme), yAxis(settings, theme)],
      series: [{}, ...drawing.strokes.map((stroke) => seriesFor(stroke, theme))],
      cursor: {
        y: false,
        points: { size: 7, width: 2 },
        drag: { x: true, y: false, setScale: false, dist: 4 },
        sync: { key: cursors.key, scales: ['x', null] },
        focus: { prox: -1 },
        bind: { dblclick: () => () => this.showAll() },
      },
      hooks: { setCursor: [(chart) => this.look(chart)], setSelect: [(chart) => this.select(chart)] },
    }
  }

  private look(chart: uPlot): void {
    const { left = -1 } = chart.cursor
    this.events.onLook(left < 0 ? undefined : chart.posToVal(left, 'x'))
  }

  private select(chart: uPlot): void {
    const { left, width } = chart.select
    if (width < 4) return
    const range = { min: chart.posToVal(left, 'x'), max: chart.posToVal(left + width, 'x') }
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.events.onZoom(range)
  }
}

function seriesFor({ color, kind }: Stroke, theme: Theme): uPlot.Series {
  if (kind === 'faint') return { stroke: `${color}40`, width: 1, points: { show: false } }
  if (kind === 'line') return { stroke: color, width: 1.6, points: { show: isAlone, size: 6, fill: color } }
  const points = { show: isSparse, size: 6, width: 1.6, stroke: color, fill: theme.surface }
  return { stroke: color, width: 1.6, dash: [5, 3], points }
}

/** A line of a single point would not be seen. */
function isAlone(chart: uPlot, index: number): boolean {
  const values = chart.data[index] ?? []
  return values.length < 50 && values.filter((value) => value != null).length === 1
}

function isSparse(chart: uPlot, index: number): boolean {
  const [from, to] = chart.series[0]?.idxs ?? [0, 0]
  const values = chart.data[index] ?? []
  let count = 0
  for (let i = from; i <= to; i++) if (values[i] != null) count++
  return count <= 60
}

function xAxis({ axis }: Settings, theme: Theme): uPlot.Axis {
  const values = (_: uPlot, ticks: number[]): string[] => ticks.map(axis === 'step' ? axisNumber : axisTime)
  const incrs = axis === 'step' ? {} : { incrs: timeSteps }
  return { ...lookOf(theme), ...incrs, values, size: 24, space: 64, grid: { show: false } }
}

function yAxis({ isLog }: Settings, theme: Theme): uPlot.Axis {
  const values = (_: uPlot, ticks: (number | null)[]): string[] =>
    ticks.map((tick) => (tick === null ? '' : axisNumber(tick)))
  return { ...lookOf(theme), values, size: 52, space: isLog ? 24 : 32 }
}

function lookOf({ text, grid }: Theme): uPlot.Axis {
  return {
    stroke: text,
    font: '11px system-ui, sans-serif',
    grid: { stroke: grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
    gap: 6,
  }
}

/** A line that stays level is drawn in the middle. */
function aroundValues(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1]
  const isLevel = high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))
  const room = isLevel ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.06
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room]
}

function extentOf([xs]: uPlot.AlignedData): Range | undefined {
  const [min, max] = [xs[0], xs[xs.length - 1]]
  if (min === undefined || max === undefined) return undefined
  return min === max ? { min: min - 1, max: max + 1 } : { min, max }
}

/** All of it where nothing is left out. */
function within({ min, max }: Range, all: Range | undefined): Range | undefined {
  if (all === undefined || (min <= all.min && max >= all.max)) return undefined
  return { min: Math.max(min, all.min), max: Math.min(max, all.max) }
}
