import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { figure } from '../src/figures.ts'
import type { ChartLine, ChartSpec } from './charts.ts'
import { drawingOf, valueAt } from './drawing.ts'
import { Plot } from './plot.ts'
import type { Range, Settings } from './settings.ts'
import { axisNumber, axisTime } from './ticks.ts'

interface ChartProps {
  readonly spec: ChartSpec
  readonly settings: Settings
  readonly zoom: Range | undefined
  readonly onZoom: (range: Range | undefined) => void
  /** Whether lines say whose they are. */
  readonly namesRuns: boolean
}

/** A chart with its title and, below it, the values where somebody looks, or the last ones. */
export function Chart({ spec, settings, zoom, onZoom, namesRuns }: ChartProps): JSX.Element {
  const [x, setX] = useState<number>()
  const { element, plot } = usePlot(spec, settings, zoom, { onLook: setX, onZoom })
  const place =
    x === undefined
      ? ''
      : settings.axis === 'step'
        ? `step ${axisNumber(Math.round(x))}`
        : axisTime(Math.round(x))
  return (
    <article class="card chart" aria-label={spec.title}>
      <header>
        <h3>{spec.title}</h3>
        <span class="place">{place}</span>
      </header>
      <ul class="legend">
        {legendOf(spec, namesRuns).map(({ whose, lines }) => (
          <li title={lines[0]?.run.about.name}>
            {lines.map((line, at) => (
              <>
                <Key color={line.color} isEvaluation={line.isEvaluation} />
                {at === 0 && <span class="whose">{whose}</span>}
                <output>{reading(valueAt(line.series, settings, x))}</output>
              </>
            ))}
          </li>
        ))}
      </ul>
      <div
        class="plot"
        role="application"
        aria-label={`${spec.title}: arrow keys read values, plus and minus zoom, 0 shows all`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it answers to keys
        tabIndex={0}
        ref={element}
        onKeyDown={(event) => plot.current !== undefined && answerKey(event, plot.current, onZoom)}
      />
    </article>
  )
}

/** Lines that are told together: with several runs those of each, else each for itself. */
function legendOf({ lines }: ChartSpec, namesRuns: boolean): { whose: string; lines: ChartLine[] }[] {
  if (!namesRuns) return lines.map((line) => ({ whose: sourceOf(line), lines: [line] }))
  const runs = [...new Set(lines.map(({ run }) => run))]
  return runs.map((run) => ({ whose: run.about.name, lines: lines.filter((line) => line.run === run) }))
}

function sourceOf({ isEvaluation, series }: ChartLine): string {
  return isEvaluation ? 'evaluation' : series.source === 'train' ? 'training' : ''
}

function reading(value: number | null | undefined): string {
  if (value === undefined) return ''
  if (value === null) return 'no number'
  return Math.abs(value) >= 1e6 ? axisNumber(value) : figure(value)
}

/** A piece of the line, as it is drawn. */
function Key({ color, isEvaluation }: { color: string; isEvaluation: boolean }): JSX.Element {
  return (
    <svg class="key" viewBox="0 0 18 8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="18"
        y2="4"
        stroke={color}
        stroke-width="2"
        stroke-dasharray={isEvaluation ? '4 3' : 'none'}
      />
      {isEvaluation && <circle cx="9" cy="4" r="3" fill="var(--surface)" stroke={color} stroke-width="1.6" />}
    </svg>
  )
}

type Handlers = ConstructorParameters<typeof Plot>[1]

/** A plot that is drawn when something has changed and it can be seen. */
function usePlot(spec: ChartSpec, settings: Settings, zoom: Range | undefined, handlers: Handlers) {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot>(undefined)
  const drawn = useRef('')
  const draw = useRef(() => {})
  const isVisible = useRef(false)
  const current = useRef(handlers)
  current.current = handlers
  draw.current = () => {
    const wanted = JSON.stringify([spec.lines.map(lineVersion), settings, zoom, themeName()])
    if (!isVisible.current || plot.current === undefined || drawn.current === wanted) return
    drawn.current = wanted
    plot.current.show({ drawing: drawingOf(spec.lines, settings), settings, zoom })
  }
  useEffect(() => {
    const target = element.current as HTMLDivElement
    plot.current = new Plot(target, {
      onLook: (x) => current.current.onLook(x),
      onZoom: (range) => current.current.onZoom(range),
    })
    const visibility = new IntersectionObserver(
      (entries) => {
        isVisible.current = entries.at(-1)?.isIntersecting === true
        draw.current()
      },
      { rootMargin: '200px' },
    )
    const size = new ResizeObserver(() => plot.current?.fit())
    visibility.observe(target)
    size.observe(target)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const redraw = (): void => draw.current()
    dark.addEventListener('change', redraw)
    return () => {
      visibility.disconnect()
      size.disconnect()
      dark.removeEventListener('change', redraw)
      plot.current?.close()
    }
  }, [])
  useEffect(() => draw.current())
  return { element, plot }
}

function lineVersion({ run, series, color }: ChartLine): unknown {
  return [run.id, series.source, series.name, series.version, color]
}

function themeName(): string {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** What can be done with a mouse can be done with keys. */
function answerKey(event: KeyboardEvent, plot: Plot, onZoom: (range: undefined) => void): void {
  const act = keys[event.key]
  if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  act(plot, event.shiftKey, onZoom)
}

type KeyAction = (plot: Plot, isShifted: boolean, onZoom: (range: undefined) => void) => void

const keys: Readonly<Record<string, KeyAction>> = {
  ArrowLeft: (plot, isShifted) => plot.moveCursor(isShifted ? -10 : -1),
  ArrowRight: (plot, isShifted) => plot.moveCursor(isShifted ? 10 : 1),
  Home: (plot) => plot.moveCursor(-Infinity),
  End: (plot) => plot.moveCursor(Infinity),
  '+': (plot) => plot.zoomBy(0.5),
  '-': (plot) => plot.zoomBy(2),
  '0': (_, __, onZoom) => onZoom(undefined),
}
