import type { NamedArrays } from '@hookstep/trainer'
import { misfit } from './named-arrays.ts'

/** @throws Error with the finding, unless it holds. */
export function ensure(holds: boolean, finding: string): asserts holds {
  if (!holds) throw new Error(finding)
}

/** Both must be the same JSON, whatever the order of keys. */
export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [canonical(actual), canonical(expected)]
  ensure(found === wanted, `${what}: found ${found}, expected ${wanted}`)
}

/** JSON with sorted keys. What JSON cannot hold is written out, so that it differs from everything else. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? JSON.stringify(value) : String(value)
  }
  const plain = Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const fields = entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
  return `${plain ? '' : value.constructor.name}{${fields.join(',')}}`
}

/**
 * The values may differ by `tolerance` times the largest of the expected ones: sums that are added in
 * another order do. At a tolerance of 0 they must have the same bits.
 */
export function ensureClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  ensure(actual.length === expected.length, `${what}: ${actual.length} numbers, expected ${expected.length}`)
  const allowed = tolerance * largest(expected)
  for (let i = 0; i < expected.length; i++) {
    const [found, wanted] = [actual[i] as number, expected[i] as number]
    const close = Object.is(found, wanted) || Math.abs(found - wanted) <= allowed
    ensure(close, `${what}: number ${i} is ${found}, expected ${wanted}`)
  }
}

function largest(values: ArrayLike<number>): number {
  let magnitude = 0
  for (let i = 0; i < values.length; i++) magnitude = Math.max(magnitude, Math.abs(values[i] as number))
  return magnitude
}

/** Names, shapes and types must agree; values within `tolerance`, as in {@link ensureClose}. */
export function ensureSameArrays(
  actual: NamedArrays,
  expected: NamedArrays,
  tolerance: number,
  what: string,
): void {
  const reason = misfit('array', expected, actual)
  ensure(reason === undefined, `${what}: ${reason}`)
  for (const [name, { data }] of Object.entries(expected)) {
    ensureClose(actual[name]?.data ?? [], data, tolerance, `${what}: "${name}"`)
  }
}

/** It must fail with an error whose message contains `naming`. */
export async function ensureRefuses(action: () => unknown, naming: string, what: string): Promise<void> {
  const message = await messageOfFailure(action)
  ensure(message !== undefined, `${what} was accepted`)
  ensure(message.includes(naming), `${what} was refused without naming "${naming}": ${message}`)
}

async function messageOfFailure(action: () => unknown): Promise<string | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What an error says; it may be anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
