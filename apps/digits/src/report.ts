import type { RunSummary, Values } from '@hookstep/trainer'
import { type ConfusionTable, formatCounts } from './confusion-table.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { Settings } from './settings.ts'

export interface Results {
  readonly settings: Settings
  readonly summary: RunSummary
  /** Of the test digits. */
  readonly values: Values
  readonly counts: ConfusionTable['counts']
  readonly fingerprint: Fingerprint
  /** The file of the journal. */
  readonly journal: string
}

/** What is told at the end of a run. */
export function report(results: Results): string {
  const { settings, summary, values, counts, fingerprint, journal } = results
  const { loss = Number.NaN } = values
  const facts = [
    [
      'model',
      `${settings.model}, ${grouped(fingerprint.parameterCount)} parameters, backend ${settings.backend}`,
    ],
    ['training', `${training(summary)} in ${summary.seconds.toFixed(1)} seconds`],
    ['test loss', loss.toFixed(4)],
    ['parameters', `sha256 ${fingerprint.hash}`],
    ['journal', journal],
  ]
  return [
    '',
    formatCounts(counts),
    '',
    ...facts.map(([name = '', fact]) => `${name.padEnd(12)}${fact}`),
    '',
    verdict(results),
  ].join('\n')
}

/** What is told of a run that was interrupted. */
export function interruptedReport(summary: RunSummary, out: string): string {
  const done = `${summary.reason}: saved, untested, after ${training(summary)}.`
  return `${done}\nGo on with: npm start -- --resume ${out}`
}

/** What befell hooks and callbacks on the way; empty where nothing did. */
export function incidentsReport({ incidents }: RunSummary): string {
  return Object.entries(incidents)
    .map(([hook, { failures, dropped, firstFailure }]) => {
      const failed = failures === 0 ? [] : [`failed ${failures} times, first at ${firstFailure}`]
      const missed = dropped === 0 ? [] : [`was not told of ${dropped} events`]
      return `${hook} ${[...failed, ...missed].join(' and ')}`
    })
    .join('\n')
}

function training({ steps, epochs }: RunSummary): string {
  return `${grouped(steps)} steps (${Number(epochs.toFixed(2))} epochs)`
}

/** How many test digits were read, and whether that is what the model is expected to do. */
function verdict({ counts, summary, settings: { model, target } }: Results): string {
  const total = counts.flat().reduce((sum, count) => sum + count, 0)
  const right = counts.reduce((sum, row, digit) => sum + (row[digit] as number), 0)
  const reached = right / total >= target ? 'reached' : 'not reached'
  const stopped = summary.outcome === 'stopped' ? `Stopped early (${summary.reason}). ` : ''
  const read = `Reads ${grouped(right)} of ${grouped(total)} test digits, ${percent(right / total)}`
  return `${stopped}${read}: the ${model}'s target of ${percent(target)} is ${reached}.`
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
