import type { Json } from '@hookstep/catalogue'

/** Something in a JSON, by its path: `log.period`. */
export type Leaf = readonly [name: string, value: number | string | boolean]

/** Everything that lies in a JSON. A list is one text; what is null is left out. */
export function leavesOf(value: Json, path: string = ''): Leaf[] {
  if (value === null) return []
  if (Array.isArray(value)) return [[path, JSON.stringify(value)]]
  if (typeof value !== 'object') return [[path, value]]
  return Object.entries(value).flatMap(([name, part]) =>
    leavesOf(part, path === '' ? name : `${path}.${name}`),
  )
}
