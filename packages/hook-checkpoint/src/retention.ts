import { toExactJson } from './exact-json.ts'
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

/** Of equal ones the newer counts as the better. What has not the metric, or NaN, is not among them. */
function best(newestFirst: readonly Manifest[], { best }: Keep): readonly Manifest[] {
  if (best === undefined) return []
  const { metric, mode, count = 1 } = best
  const value = ({ metrics }: Manifest): number => {
    const found = Object.hasOwn(metrics, metric) ? (metrics[metric] as number) : NaN
    return mode === 'max' ? -found : found
  }
  const measured = evaluated(newestFirst).filter((manifest) => !Number.isNaN(value(manifest)))
  return measured.sort((a, b) => compare(value(a), value(b))).slice(0, count)
}

/** Of those that were saved in a row with the values of one evaluation, the first: what was evaluated, or nearest to it. */
function evaluated(newestFirst: readonly Manifest[]): Manifest[] {
  return newestFirst.filter(({ metrics }, at) => {
    const before = newestFirst[at + 1]
    return before === undefined || toExactJson(before.metrics) !== toExactJson(metrics)
  })
}

/** Infinities are equal to themselves, where a difference would be NaN. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
