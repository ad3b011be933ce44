import { jsonOf, numberOf } from './json.ts'
import type { Item, SummaryRecord } from './log/records.ts'

/** The best values so far, by metric. */
export type Best = Readonly<Record<string, number>>

/** What the run's page shows of a run: of each metric the last value, and the best where that was asked for. */
export class Summary {
  private readonly kinds: Readonly<Record<string, 'min' | 'max'>>
  private bests: Record<string, number> = {}
  private readonly changed = new Map<string, Item>()

  constructor(kinds: Readonly<Record<string, 'min' | 'max'>>, best: Best = {}) {
    this.kinds = kinds
    this.bests = { ...best }
  }

  get best(): Best {
    return { ...this.bests }
  }

  take(items: readonly Item[]): void {
    for (const item of items) {
      const { key, json } = item
      const kind = typeof key === 'string' && Object.hasOwn(this.kinds, key) ? this.kinds[key] : undefined
      if (kind === undefined) this.set(item)
      else this.takeBest(key as string, json, kind)
    }
  }

  set(item: Item): void {
    this.changed.set(JSON.stringify(item.key), item)
  }

  /** What has changed since the last call. */
  changes(): SummaryRecord | undefined {
    if (this.changed.size === 0) return
    const update = [...this.changed.values()]
    this.changed.clear()
    return { type: 'summary', update }
  }

  /** The summary has an object then, as where the official client is asked for several values of a metric. */
  private takeBest(key: string, json: string, kind: 'min' | 'max'): void {
    this.set({ key: [key, 'last'], json })
    const value = numberOf(json)
    const best = this.bests[key]
    const isBetter =
      value !== undefined && (best === undefined || (kind === 'min' ? value < best : value > best))
    if (!isBetter || Number.isNaN(value)) return
    this.bests[key] = value
    this.set({ key: [key, kind], json: jsonOf(value) })
  }
}
