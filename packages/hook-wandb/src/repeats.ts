import type { HistoryRecord, Item } from './log/records.ts'
import { type Row, stepKey } from './row.ts'

/** Of every row; what the clock says is another each time. */
const clockKeys = ['_step', '_timestamp', '_runtime']

/**
 * The rows that a log has from behind the checkpoint that a run goes on from. The run comes to them a second time:
 * they are not written again.
 */
export class Repeats {
  /** What rows tell, by step and names. */
  private readonly rows = new Map<string, string[]>()

  /** Whether all have come. */
  get isEmpty(): boolean {
    return this.rows.size === 0
  }

  add({ items }: HistoryRecord): void {
    const told = items.filter(({ key }) => !clockKeys.includes(nameOf(key)))
    const step = told.find(({ key }) => nameOf(key) === stepKey)
    if (step === undefined) return
    const values = told.filter((one) => one !== step)
    const key = keyOf(step.json, values)
    this.rows.set(key, [...(this.rows.get(key) ?? []), valuesOf(values)])
  }

  /**
   * Whether the log has a row, which is then no more expected; `other` where it has one of this step and these names,
   * but the training came to other values.
   */
  take({ step, items, isRepeatable }: Row): 'there' | 'other' | 'missing' {
    if (this.rows.size === 0) return 'missing'
    const key = keyOf(String(step), items)
    const known = this.rows.get(key)
    const first = known?.shift()
    if (known?.length === 0) this.rows.delete(key)
    if (first === undefined) return 'missing'
    return isRepeatable && first !== valuesOf(items) ? 'other' : 'there'
  }
}

function keyOf(step: string, items: readonly Item[]): string {
  return JSON.stringify([step, ...items.map(({ key }) => nameOf(key))])
}

function valuesOf(items: readonly Item[]): string {
  return items.map(({ json }) => json).join()
}

function nameOf(key: Item['key']): string {
  return typeof key === 'string' ? key : key.join('.')
}
