import type { Json } from '@hookstep/catalogue'

/** Stands for a number that JSON has no word for: `{ "$number": "NaN" }`. */
const marker = '$number'
const words: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }

/**
 * A value as JSON, exactly: infinite numbers, NaN and -0 come back as they were. (`JSON.stringify` turns the former
 * into null and drops the sign of the latter, and a loss may well be NaN.)
 */
export function toExactJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, inner) => (isPlain(inner) ? escaped(inner) : marked(inner)), indent)
}

/** @throws Error when the text is no JSON, or names a `__proto__`. */
export function fromExactJson(text: string): Json {
  return JSON.parse(text, (key, inner) => {
    if (key === '__proto__') throw new Error('it has a key __proto__')
    return isPlain(inner) ? unmarked(inner) : inner
  }) as Json
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function marked(value: unknown): unknown {
  if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return value
  return { [marker]: Object.is(value, -0) ? '-0' : String(value) }
}

function unmarked(value: Record<string, unknown>): unknown {
  const word = value[marker]
  if (word === undefined) return unescaped(value)
  if (typeof word === 'string' && Object.keys(value).length === 1 && Object.hasOwn(words, word)) {
    return words[word]
  }
  throw new Error(`it has a ${marker} that is no number`)
}

/** Keys that look like the marker get one `$` more, lest they be taken for it. */
function escaped(value: Record<string, unknown>): Record<string, unknown> {
  return renamed(value, /^\$+number$/, (key) => `$${key}`)
}

function unescaped(value: Record<string, unknown>): Record<string, unknown> {
  return renamed(value, /^\$\$+number$/, (key) => key.slice(1))
}

function renamed(
  value: Record<string, unknown>,
  which: RegExp,
  rename: (key: string) => string,
): Record<string, unknown> {
  if (!Object.keys(value).some((key) => which.test(key))) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [which.test(key) ? rename(key) : key, inner]),
  )
}
