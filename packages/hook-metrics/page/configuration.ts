import type { Json } from '@hookstep/catalogue'

/** The settings of a configuration by their paths, as text: `evaluate.batchSize`, `128`. */
export function flatten(value: Json | undefined, path = ''): (readonly [path: string, text: string])[] {
  if (value === undefined) return []
  if (isTrigger(value)) return [[path, describeTrigger(value)]]
  if (typeof value !== 'object' || value === null) return [[path, textOf(value)]]
  if (Array.isArray(value)) return [[path, value.map(textOf).join(', ')]]
  const entries = Object.entries(value)
  if (entries.every(([name]) => /^\d+$/.test(name))) return [[path, entries.map(sampleOf).join(', ')]]
  return entries.flatMap(([name, inner]) => flatten(inner as Json, path === '' ? name : `${path}.${name}`))
}

type Trigger = { readonly kind: string; readonly [field: string]: unknown }

function textOf(value: Json): string {
  if (isTrigger(value)) return describeTrigger(value)
  if (typeof value === 'number') return String(Number(value.toPrecision(6)))
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** A value at a step, as schedules are told. */
function sampleOf([step, value]: [step: string, value: Json]): string {
  return `${step}: ${typeof value === 'number' ? Number(value.toPrecision(3)) : textOf(value)}`
}

function isTrigger(value: unknown): value is Trigger {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Trigger>).kind === 'string'
}

/** `every 50 steps or end`. */
function describeTrigger({ kind, ...fields }: Trigger): string {
  const { period, unit, triggers } = fields
  if (Array.isArray(triggers)) return triggers.map(textOf).join(kind === 'any' ? ', ' : ` ${kind} `)
  if (period !== undefined && unit !== undefined) return `${kind} ${period} ${unit}`
  const rest = Object.values(fields)
  return rest.length === 0 ? kind : `${kind} ${rest.map((field) => textOf(field as Json)).join(' ')}`
}
