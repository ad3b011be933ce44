import type { Manifest } from './manifest.ts'
import type { Keep } from './options.ts'

/**
 * The names of the checkpoints that retention removes: all but the newest, the last so many, the best by a metric and those
 * that are pinned.
 *
 * @param manifests those of one store that are valid, in any order.
 */
export function expired(manifests: readonly Manifest[], keep: Keep = {}): string[] {
  const newestFirst = [...manifests].sort((a, b) => b.sequence - a.sequence)
  const kept = new Set([...newestFirst.slice(0, lastCount(newestFirst, keep)), ...best(newestFirst, keep)])
  return newestFirst.filter((manifest) => !manifest.pinned && !kept.has(manifest)).map(({ name }) => name)
}

/**
 * @throws RangeError when it keeps no number of checkpoints, naming it.
 */
export function checkKeep({ last, best }: Keep): void {
  const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least
  if (last !== undefined && !isCount(last, 0)) {
    throw new RangeError(`keep.last is ${last}; it must be a whole number from 0 on`)
  }
  if (best === undefined) return
  if (best.count !== undefined && !isCount(best.count, 1)) {
    throw new RangeError(`keep.best.count is ${best.count}; it must be a whole number from 1 on`)
  }
  if (best.mode !== 'min' && best.mode !== 'max') {
    throw new RangeError(`keep.best.mode is ${JSON.stringify(best.mode)}; it must be 'min' or 'max'`)
  }
  if (typeof best.metric !== 'string' || best.metric === '') {
    throw new RangeError('keep.best.metric must name a metric of the evaluation, such as loss')
  }
}

/**
 * Ranks save a step one after another, and may be interrupted between: the step before must be there on each for all to
 * meet again.
 */
function lastCount(newestFirst: readonly Manifest[], { last = 3 }: Keep): number {
  return Math.max(last, (newestFirst[0]?.worldSize ?? 1) > 1 ? 2 : 1)
}

/**
 * Of those with one value the first: what is saved after an evaluation and before the next tells the same values, and only
 * the first of it is what was evaluated. What has not the metric, or NaN, is not among them.
 */
function best(newestFirst: readonly Manifest[], { best }: Keep): readonly Manifest[] {
  if (best === undefined) return []
  const { metric, mode, count = 1 } = best
  const firsts = new Map<number, Manifest>()
  for (const manifest of newestFirst) {
    const value = Object.hasOwn(manifest.metrics, metric) ? (manifest.metrics[metric] as number) : NaN
    if (!Number.isNaN(value)) firsts.set(mode === 'max' ? -value : value, manifest)
  }
  const values = [...firsts.keys()].sort(compare).slice(0, count)
  return values.map((value) => firsts.get(value) as Manifest)
}

/** Infinities are equal to themselves, where a difference would be NaN. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
