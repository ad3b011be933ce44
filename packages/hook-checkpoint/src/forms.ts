import type { Json } from '@hookstep/catalogue'

/**
 * Holds a value to a form, whoever it comes from.
 *
 * @param at names the value in messages.
 * @throws Error that says what is not as it must be.
 */
export type Form<Value> = (value: unknown, at: string) => Value

export const text: Form<string> = (value, at) => {
  return typeof value === 'string' ? value : refuse(value, at, 'a text')
}

export const flag: Form<boolean> = (value, at) => {
  return typeof value === 'boolean' ? value : refuse(value, at, 'true or false')
}

export const number: Form<number> = (value, at) => {
  return typeof value === 'number' ? value : refuse(value, at, 'a number')
}

/** A whole number from 0 on. */
export const count: Form<number> = (value, at) => {
  const isCount = Number.isSafeInteger(value) && (value as number) >= 0
  return isCount ? (value as number) : refuse(value, at, 'a whole number from 0 on')
}

export function oneOf<const Value extends string | number>(...allowed: readonly Value[]): Form<Value> {
  return (value, at) => {
    const found = allowed.find((candidate) => candidate === value)
    return found ?? refuse(value, at, allowed.map((candidate) => JSON.stringify(candidate)).join(' or '))
  }
}

export function textLike(pattern: RegExp, what: string): Form<string> {
  return (value, at) => (pattern.test(text(value, at)) ? (value as string) : refuse(value, at, what))
}

export function optional<Value>(form: Form<Value>): Form<Value | undefined> {
  return (value, at) => (value === undefined ? undefined : form(value, at))
}

export function listOf<Value>(form: Form<Value>): Form<readonly Value[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return refuse(value, at, 'a list')
    for (const [index, item] of value.entries()) form(item, `${at}[${index}]`)
    return value as readonly Value[]
  }
}

/** An object with any keys. */
export function recordOf<Value>(form: Form<Value>): Form<Readonly<Record<string, Value>>> {
  return (value, at) => {
    const record = plainObject(value, at)
    for (const key of Object.keys(record)) form(record[key], `${at}.${key}`)
    return record as Readonly<Record<string, Value>>
  }
}

/** An object with these keys and no other. */
export function object<Value extends object>(
  fields: {
    readonly [Key in keyof Value]-?: Form<Value[Key]>
  },
): Form<Value> {
  const forms = Object.entries(fields) as [string, Form<unknown>][]
  return (value, at) => {
    const record = plainObject(value, at)
    const unknown = Object.keys(record).find((key) => !Object.hasOwn(fields, key))
    if (unknown !== undefined) throw new Error(`${at} has an unknown field ${JSON.stringify(unknown)}`)
    for (const [key, form] of forms) form(record[key], `${at}.${key}`)
    return record as Value
  }
}

/** Whatever JSON can hold, with any number. Fields that are undefined count as missing. */
export const json: Form<Json> = (value, at) => {
  if (Array.isArray(value)) listOf(json)(value, at)
  else if (typeof value === 'object' && value !== null) recordOf(optional(json))(value, at)
  else if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) {
    refuse(value, at, 'what JSON can hold')
  }
  return value as Json
}

function plainObject(value: unknown, at: string): Record<string, unknown> {
  const isPlain =
    typeof value === 'object' && value !== null && isPlainPrototype(Object.getPrototypeOf(value))
  if (!isPlain) return refuse(value, at, 'a plain object')
  // It would be refused when it is read: some code takes such a key for the prototype.
  if (Object.hasOwn(value, '__proto__')) throw new Error(`${at} has a key __proto__: rename it`)
  return value as Record<string, unknown>
}

function isPlainPrototype(prototype: unknown): boolean {
  return prototype === null || prototype === Object.prototype
}

function refuse(value: unknown, at: string, what: string): never {
  throw new Error(`${at} is ${inWords(value)}, it must be ${what}`)
}

function inWords(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? JSON.stringify(value).slice(0, 80) : String(value)
}
