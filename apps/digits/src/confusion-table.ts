import { styleText } from 'node:util'
import { evaluate, type Hook, type NamedArrays, type Outputs } from '@hookstep/catalogue'

const classes = 10

/** Which digits were taken for which: a hook that counts while the model is evaluated. */
export interface ConfusionTable extends Hook {
  /** How often a digit was read as another, in the latest evaluation: `counts[digit][reading]`. */
  readonly counts: readonly (readonly number[])[]
}

/** Counts anew in every evaluation. */
export function confusionTable(): ConfusionTable {
  const counts = Array.from({ length: classes }, () => Array<number>(classes).fill(0))
  return {
    name: 'confusion-table',
    counts,
    setup(run) {
      run.subscribe(evaluate.pre, () => {
        for (const row of counts) row.fill(0)
      })
      run.subscribe(evaluate.step.post, async (context) => {
        const digits = (context.data as NamedArrays).targets?.data ?? []
        for (const [sample, reading] of readings(await context.outputs()).entries()) {
          const row = counts[digits[sample] as number] as number[]
          row[reading] = (row[reading] as number) + 1
        }
      })
    },
  }
}

/** The most likely digit of each sample. */
function readings({ data, shape: [samples = 0] }: Outputs): number[] {
  return Array.from({ length: samples }, (_, sample) => {
    const scores = Array.from({ length: classes }, (_, digit) => data[sample * classes + digit] as number)
    return scores.indexOf(Math.max(...scores))
  })
}

/** The table as text: a row for each digit, a column for each reading, and the share that is right. */
export function formatCounts(counts: ConfusionTable['counts']): string {
  const heading = `read as${counts.map((_, reading) => cell(reading)).join('')}${'right'.padStart(10)}`
  const rows = counts.map((row, digit) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    const share = total === 0 ? '–' : `${((100 * (row[digit] as number)) / total).toFixed(1)} %`
    return `digit ${digit}${row.map((count, reading) => shown(count, reading === digit)).join('')}${share.padStart(10)}`
  })
  return [heading, ...rows].join('\n')
}

function shown(count: number, right: boolean): string {
  if (count === 0) return styleText('dim', cell('·'))
  return styleText(right ? 'green' : 'red', cell(count))
}

function cell(content: number | string): string {
  return String(content).padStart(5)
}
