const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** Names that Windows keeps for devices, whatever follows their first dot. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Holds the name of a checkpoint, of a file in it or of a store within a store to what every store can keep and
 * no path can be made of: up to 100 letters, digits, `.`, `_` and `-`, of which the first is a letter or a digit.
 *
 * @throws RangeError on another one, naming it.
 */
export function checkName(name: string): void {
  if (isName(name)) return
  throw new RangeError(
    `${JSON.stringify(name)} cannot name a checkpoint or a file of one: take up to 100 letters, digits, '.', '_' and '-', ` +
      'the first a letter or a digit, the last none of them a dot, and no name that Windows keeps for a device',
  )
}

/** Whether {@link checkName} takes it. */
export function isName(name: string): boolean {
  return pattern.test(name) && !name.endsWith('.') && !devices.test(name)
}
