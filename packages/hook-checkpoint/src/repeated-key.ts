/**
 * The first key that an object of a JSON text has twice, as far as there is one: `JSON.parse` takes the last and says
 * nothing.
 *
 * @param json a valid JSON text.
 */
export function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  const next = /["{}]/g
  for (let found = next.exec(json); found !== null; found = next.exec(json)) {
    if (found[0] === '{') open.push(new Set())
    else if (found[0] === '}') open.pop()
    else {
      const end = endOfString(json, found.index)
      const key = isKey(json, end) ? (JSON.parse(json.slice(found.index, end)) as string) : undefined
      if (key !== undefined && open.at(-1)?.has(key)) return key
      if (key !== undefined) open.at(-1)?.add(key)
      next.lastIndex = end
    }
  }
  return undefined
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1)
  while (isEscaped(json, quote)) quote = json.indexOf('"', quote + 1)
  return quote + 1
}

/** Whether an odd number of backslashes comes before. */
function isEscaped(json: string, at: number): boolean {
  let first = at
  while (json[first - 1] === '\\') first--
  return (at - first) % 2 === 1
}

function isKey(json: string, endOfString: number): boolean {
  let at = endOfString
  while (at < json.length && ' \t\n\r'.includes(json[at] as string)) at++
  return json[at] === ':'
}
