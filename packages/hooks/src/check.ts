/** @throws RangeError naming the hook, the option and its value, unless it holds. */
export function check(hook: string, option: string, value: unknown, holds: boolean, expected: string): void {
  const written = typeof value === 'string' ? `'${value}'` : String(value)
  if (!holds) throw new RangeError(`${hook}: ${option} is ${written}; it must be ${expected}`)
}

export function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}
