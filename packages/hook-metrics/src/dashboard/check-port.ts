/** @throws RangeError on a port that there is not. */
export function checkPort(port: number | undefined): void {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65535)) return
  throw new RangeError(`port ${port}: a port is a whole number up to 65535, or 0 for any that is free`)
}
