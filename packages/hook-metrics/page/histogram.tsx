import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { themeOf } from './colors.ts'
import { axisNumber } from './ticks.ts'

interface HistogramProps {
  readonly edges: readonly number[]
  readonly counts: readonly number[]
  readonly color: string
}

/** How many values lie where. */
export function Histogram({ edges, counts, color }: HistogramProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const target = element.current as HTMLDivElement
    let chart = draw(target, { edges, counts, color })
    const redraw = (): void => {
      chart.destroy()
      chart = draw(target, { edges, counts, color })
    }
    const size = new ResizeObserver(() => {
      if (target.clientWidth > 0) chart.setSize({ width: target.clientWidth, height: target.clientHeight })
    })
    size.observe(target)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    return () => {
      size.disconnect()
      dark.removeEventListener('change', redraw)
      chart.destroy()
    }
  }, [JSON.stringify([edges, counts]), color])
  const total = counts.reduce((sum, count) => sum + count, 0)
  const label = `${total} values between ${axisNumber(edges[0] ?? 0)} and ${axisNumber(edges.at(-1) ?? 0)}`
  return <div class="plot histogram" role="img" aria-label={label} ref={element} />
}

function draw(target: HTMLElement, { edges, counts, color }: HistogramProps): uPlot {
  const { text, grid } = themeOf(target)
  const look = { stroke: text, font: '11px system-ui, sans-serif', ticks: { show: false }, gap: 6 }
  const values = (_: uPlot, ticks: number[]): string[] => ticks.map(axisNumber)
  const options: uPlot.Options = {
    width: target.clientWidth,
    height: target.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 18, 0, 0],
    scales: {
      x: { time: false, range: (_, low, high) => [low, high] },
      y: { range: (_, __, high) => [0, high || 1] },
    },
    axes: [
      { ...look, values, size: 24, space: 64, grid: { show: false } },
      { ...look, values, size: 52, space: 32, grid: { stroke: grid, width: 1 } },
    ],
    series: [{}, { stroke: color, fill: `${color}55`, width: 1, points: { show: false }, paths: steps }],
  }
  // A step holds from its edge to the next; the last edge ends the last step.
  const ys = [...counts, counts.at(-1) ?? 0]
  return new uPlot(options, [[...edges], ys], target)
}

const steps = (uPlot.paths.stepped as NonNullable<typeof uPlot.paths.stepped>)({ align: 1 })
