import { colorOf } from './colors.ts'
import type { PageRun, PageSeries } from './run-store.ts'

/** What is drawn in one chart for one run: a line for training, one for evaluations. */
export interface ChartLine {
  readonly run: PageRun
  readonly color: string
  readonly series: PageSeries
  readonly isEvaluation: boolean
}

/** All lines of one name. */
export interface ChartSpec {
  readonly key: string
  readonly title: string
  readonly lines: readonly ChartLine[]
}

export interface Section {
  readonly title: string
  readonly charts: readonly ChartSpec[]
}

/** A run with its colour, which it keeps whatever else is shown. */
export interface ColoredRun {
  readonly run: PageRun
  readonly color: string
}

export function colored(runs: Iterable<PageRun>): ColoredRun[] {
  return Array.from(runs, (run, index) => ({ run, color: colorOf(index) }))
}

/** The charts of some runs: training first, then what each hook measures. */
export function sectionsOf(runs: readonly ColoredRun[], filter: string): Section[] {
  const charts = new Map<string, { section: string; title: string; lines: ChartLine[] }>()
  for (const { run, color } of runs) {
    for (const series of run.series.values()) {
      const section = sectionOf(series)
      const key = `${section}/${series.name}`
      const chart = charts.get(key) ?? { section, title: titleOf(series.name), lines: [] }
      charts.set(key, chart)
      chart.lines.push({ run, color, series, isEvaluation: series.source === 'evaluation' })
    }
  }
  const shown = [...charts].filter(([key]) => matches(key, filter))
  const titles = [...new Set(shown.map(([, { section }]) => section))]
  return titles
    .map((title) => ({
      title,
      charts: shown
        .filter(([, { section }]) => section === title)
        .map(([key, chart]) => ({ key, title: chart.title, lines: chart.lines }))
        .sort((one, other) => rankOf(one.key) - rankOf(other.key)),
    }))
    .sort(trainingFirst)
}

/** Whether all words that are looked for are in a name. */
export function matches(name: string, filter: string): boolean {
  const text = `${name} ${titleOf(name)}`.toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** `gradient_norm` reads as `gradient norm`. */
export function titleOf(name: string): string {
  return name.replaceAll('_', ' ')
}

const trainingTitle = 'Training'

function sectionOf({ source }: PageSeries): string {
  if (source === 'train' || source === 'evaluation' || source === 'throughput') return trainingTitle
  return source.charAt(0).toUpperCase() + source.slice(1)
}

/** Behind it those with few charts: they are seen at a glance. */
function trainingFirst(one: Section, other: Section): number {
  const rank = ({ title, charts }: Section): number => (title === trainingTitle ? 0 : charts.length)
  return rank(one) - rank(other) || one.title.localeCompare(other.title)
}

/** What is looked at first comes first, the rest in the order in which it was told. */
function rankOf(key: string): number {
  if (key === `${trainingTitle}/loss`) return 0
  if (key.endsWith('/gradient_norm')) return 2
  if (key.endsWith('/learning_rate')) return 3
  return /per.second|throughput/.test(key) ? 4 : 1
}
