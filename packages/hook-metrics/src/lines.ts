import type { Progress } from '@hookstep/catalogue'
import { duration, namedFigures, oneLine, rate, stepOf } from './figures.ts'
import type { EndRow, EvaluationRow, FailedRow, LogRow, RowPosition } from './rows.ts'

/** What a line tells besides its row. */
export interface Outlook {
  readonly totalSteps?: Progress['totalSteps']
  readonly samplesPerSecond?: number | undefined
  readonly secondsLeft?: number | undefined
}

/** `step 100/860  epoch 1.2  loss 0.2512  lr 0.001  12,340 samples/s  0:12 left` */
export function logLine(row: LogRow, outlook: Outlook): string {
  const { samplesPerSecond, secondsLeft } = outlook
  const parts = [...where(row, outlook), ...namedFigures(row.values)]
  if (samplesPerSecond !== undefined) parts.push(rate(samplesPerSecond))
  if (secondsLeft !== undefined) parts.push(`${duration(secondsLeft)} left`)
  return parts.join('  ')
}

/** `evaluation at step 400/860  epoch 2.3  loss 0.2410  accuracy 0.9300` */
export function evaluationLine(row: EvaluationRow, outlook: Outlook): string {
  return ['evaluation at', [...where(row, outlook), ...namedFigures(row.values)].join('  ')].join(' ')
}

/** `resumed at step 400/860  epoch 2.3` */
export function resumedLine(row: RowPosition, outlook: Outlook): string {
  return `resumed at ${where(row, outlook).join('  ')}`
}

/** `stopped at step 512/860  epoch 2.9  after 0:21  by early-stopping: no better for 5 evaluations` */
export function endLine(row: EndRow, outlook: Outlook): string {
  const place = [...where(row, outlook), `after ${duration(row.seconds)}`].join('  ')
  switch (row.type) {
    case 'finished':
      return `finished at ${place}`
    case 'stopped':
      return `${row.aborted ? 'aborted' : 'stopped'} at ${place}  by ${oneLine(`${row.requestedBy}: ${row.reason}`)}`
    case 'failed':
      return `failed at ${place}  ${oneLine(failureOf(row))}`
  }
}

/** A hook's error says itself where it was. */
function failureOf({ error, at }: FailedRow): string {
  return error.includes(at) ? error : `in ${at}: ${error}`
}

function where({ step, epoch }: RowPosition, { totalSteps }: Outlook): string[] {
  return [stepOf(step, totalSteps), `epoch ${epoch.toFixed(1)}`]
}
