/**
 * An exponential moving average, without the pull to zero of its beginning (the correction of Adam, Kingma and
 * Ba 2014, section 3). What is no number is left as it is, and out of the average.
 *
 * @param weight 0 to below 1: how much of each value comes from those before it.
 * @param counts how many values each of the given stands for.
 */
export function smooth(
  values: readonly (number | null)[],
  counts: readonly number[],
  weight: number,
): (number | null)[] {
  let average = 0
  let share = 0
  return values.map((value, i) => {
    if (value === null) return null
    const left = weight ** (counts[i] ?? 1)
    average = left * average + (1 - left) * value
    share = left * share + (1 - left)
    return average / share
  })
}
