/** @throws TypeError on an option that there is not: misspelt, it would quietly do nothing. */
export function checkNames(owner: string, options: object, names: Readonly<Record<string, true>>): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    throw new TypeError(`${owner} has no option "${name}"; there are ${Object.keys(names).join(', ')}`)
  }
}

/** @throws TypeError on what is no list: one callback alone, for example. */
export function checkList(owner: string, list: unknown): void {
  const isList = typeof (list as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function'
  if (!isList) throw new TypeError(`${owner}: give a list of callbacks, as in ${owner}([new MyCallback()])`)
}
