import type { Json, NamedArrays, NdArray, RunState } from '@hookstep/catalogue'
import { toExactJson } from './exact-json.ts'

/** How two checkpoints' arrays of one name differ. */
export interface ArrayDifference {
  readonly name: string
  /** How many numbers differ in a bit, and of how many. */
  readonly count: number
  readonly of: number
  /** The largest difference; Infinity where one of two is not a number. */
  readonly largest: number
}

/** How two checkpoints differ. */
export interface Difference {
  /** By `parameters`, `slots` and `accumulated`: those in which numbers differ. */
  readonly arrays: Readonly<Record<string, readonly ArrayDifference[]>>
  /** Arrays that one has and the other has not, or in another shape or type. */
  readonly only: readonly string[]
  /** Where all else differs, such as `hooks.journal.state.rows`, with both values. */
  readonly facts: readonly FactDifference[]
}

export interface FactDifference {
  readonly path: string
  readonly values: readonly [Json | undefined, Json | undefined]
}

/** Compares two states to the bit; the time that they took aside. */
export function compare(one: RunState, other: RunState): Difference {
  const arrays: Record<string, readonly ArrayDifference[]> = {}
  const only: string[] = []
  for (const group of ['parameters', 'slots', 'accumulated'] as const) {
    const [ones, others] = [one.session[group] ?? {}, other.session[group] ?? {}]
    only.push(...unmatched(group, ones, others))
    arrays[group] = Object.keys(ones).flatMap((name) => arrayDifference(name, ones[name], others[name]))
  }
  return { arrays, only, facts: factDifferences(factsOf(one), factsOf(other), []) }
}

export function isSame({ arrays, only, facts }: Difference): boolean {
  return only.length === 0 && facts.length === 0 && Object.values(arrays).every((found) => found.length === 0)
}

function unmatched(group: string, ones: NamedArrays, others: NamedArrays): string[] {
  const names = new Set([...Object.keys(ones), ...Object.keys(others)])
  return [...names].filter((name) => !isAlike(ones[name], others[name])).map((name) => `${group}/${name}`)
}

function isAlike(one: NdArray | undefined, other: NdArray | undefined): boolean {
  return one?.data.constructor === other?.data.constructor && String(one?.shape) === String(other?.shape)
}

function arrayDifference(
  name: string,
  one: NdArray | undefined,
  other: NdArray | undefined,
): ArrayDifference[] {
  if (one === undefined || other === undefined || !isAlike(one, other)) return []
  let [count, largest] = [0, 0]
  for (const [at, value] of one.data.entries()) {
    const second = other.data[at] as number
    if (Object.is(value, second)) continue
    count++
    const difference = Math.abs(value - second)
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference)
  }
  return count === 0 ? [] : [{ name, count, of: one.data.length, largest }]
}

/** Everything but arrays and times, as JSON has it. */
function factsOf({ session, partial, ...rest }: RunState): Json {
  const step = partial && { partial: { ...partial, progress: { ...partial.progress, seconds: 0 } } }
  return JSON.parse(toExactJson({ ...rest, ...step, seconds: 0, counters: session.counters })) as Json
}

function factDifferences(
  one: Json | undefined,
  other: Json | undefined,
  path: readonly string[],
): FactDifference[] {
  if (isBranch(one) && isBranch(other) && Array.isArray(one) === Array.isArray(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)])
    return [...keys].flatMap((key) => factDifferences(valueAt(one, key), valueAt(other, key), [...path, key]))
  }
  return JSON.stringify(one) === JSON.stringify(other) ? [] : [{ path: path.join('.'), values: [one, other] }]
}

type Branch = { readonly [key: string]: Json }

function isBranch(value: Json | undefined): value is Branch {
  return typeof value === 'object' && value !== null
}

function valueAt(branch: Branch, key: string): Json | undefined {
  return Object.hasOwn(branch, key) ? branch[key] : undefined
}
