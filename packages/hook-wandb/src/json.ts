/** A value as a record has it: JSON, in which numbers may also be `NaN`, `Infinity` and `-Infinity`. */
export function jsonOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'null')
}

/** The number of a record's JSON; `undefined` where it is none. */
export function numberOf(json: string): number | undefined {
  const number = Number(json)
  return json === 'NaN' || !Number.isNaN(number) ? number : undefined
}
