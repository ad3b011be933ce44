/**
 * An exponential moving average, without the pull to zero of its beginning (the correction of Adam, Kingma and
 * Ba 2014, section 3). What is no number is left as it is, and out of the average.
 *
 * @param weight 0 to below 1: how much of each point comes from those before it.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let average = 0
  let share = 0
  return values.map((value) => {
    if (value === null) return null
    average = weight * average + (1 - weight) * value
    share = weight * share + (1 - weight)
    return average / share
  })
}
