import type { EvaluatedContext, LogContext, MeasuredContext, Values } from '@hookstep/catalogue'
import { jsonOf } from './json.ts'
import type { Item } from './log/records.ts'

/** The horizontal axis of all metrics: the step of the training. */
export const stepKey = 'trainer/step'

/** What a row tells, besides when. */
export interface Row {
  readonly step: number
  readonly items: readonly Item[]
  /** Whether a training that is repeated from a checkpoint comes to the same values, bit for bit. */
  readonly isRepeatable: boolean
}

export function logRow({ step, progress, values }: LogContext): Row {
  const { epochs, samples } = progress
  const items = [...itemsOf(values), item('trainer/epoch', epochs), item('trainer/samples', samples)]
  return { step, items, isRepeatable: true }
}

export function evaluationRow({ step, values }: EvaluatedContext): Row {
  return { step, items: itemsOf(values, 'eval/'), isRepeatable: true }
}

/** Pace, for example, is another each time. */
export function measuredRow({ step, source, values }: MeasuredContext): Row {
  return { step, items: itemsOf(values, `${source}/`), isRepeatable: false }
}

export function itemsOf(values: Values, prefix = ''): Item[] {
  return Object.entries(values).map(([name, value]) => item(prefix + name, value))
}

export function item(key: string, value: unknown): Item {
  return { key, json: jsonOf(value) }
}
