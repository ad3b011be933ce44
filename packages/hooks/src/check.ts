/** @throws RangeError naming the hook, the option and its value, unless it holds. */
export function check(hook: string, option: string, value: unknown, holds: boolean, expected: string): void {
  const written = typeof value === 'string' ? `'${value}'` : String(value)
  if (!holds) throw new RangeError(`${hook}: ${option} is ${written}; it must be ${expected}`)
}

/** @throws TypeError on an option that there is not: misspelt, it would quietly do nothing. */
export function checkNames<Options extends object>(
  hook: string,
  options: Options,
  names: Readonly<Record<keyof Options, true>>,
): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    throw new TypeError(`${hook} has no option "${name}"; there are ${Object.keys(names).join(', ')}`)
  }
}

export function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}
