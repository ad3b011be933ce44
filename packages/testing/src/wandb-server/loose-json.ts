/** A whole string, or a number that JSON has no word for, with its sign. */
const tokens = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g
const mark = '\u0000'

/**
 * Reads JSON in which NaN and Infinity may stand bare, as W&B's clients write them.
 *
 * @throws SyntaxError on anything else that is not JSON.
 */
export function parseLoosely(text: string): unknown {
  const strict = text.replace(tokens, (token) => (token.startsWith('"') ? token : `"\\u0000${token}"`))
  return JSON.parse(strict, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? Number(value.slice(mark.length)) : value,
  )
}
