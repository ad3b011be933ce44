import leven from 'leven'

/** The names that look most like one that is not there: at most three, the likest first. */
export function nearestNames(wanted: string, names: readonly string[]): readonly string[] {
  return names.toSorted((one, other) => leven(wanted, one) - leven(wanted, other)).slice(0, 3)
}
