/** @throws TypeError where a file or a folder has no name. */
export function checkName(hook: string, name: unknown, what: string, example: string): void {
  if (typeof name === 'string' && name !== '') return
  throw new TypeError(`${hook}(${JSON.stringify(name)}): name ${what}, such as '${example}'`)
}
