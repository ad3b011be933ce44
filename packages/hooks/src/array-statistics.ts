/** The numbers of one array in short. Numbers that are not finite are counted and left out of all else. */
export interface ArrayStatistics {
  readonly count: number
  /** How many are NaN or infinite. */
  readonly nonFinite: number
  /** The square root of the sum of squares. */
  readonly norm: number
  readonly mean: number
  /** Of the population: divided by the count. */
  readonly standardDeviation: number
  readonly minimum: number
  readonly maximum: number
  readonly histogram: Histogram
}

/** How many numbers lie in each of several equal parts of the range from `from` to `to`. */
export interface Histogram {
  readonly from: number
  readonly to: number
  /** A number on the border of two parts is in the upper one; the last part has `to` as well. */
  readonly counts: readonly number[]
}

/** The borders of a histogram's parts, one more than there are parts. */
export function edgesOf({ from, to, counts }: Histogram): number[] {
  const width = (to - from) / counts.length
  return [...counts.map((_, at) => from + at * width), to]
}

/** Of no finite number at all everything is 0. */
export function statisticsOf(data: ArrayLike<number>, bins: number): ArrayStatistics {
  const { count, sum, squares, minimum, maximum } = sumsOf(data)
  const mean = count === 0 ? 0 : sum / count
  return {
    count: data.length,
    nonFinite: data.length - count,
    norm: Math.sqrt(squares),
    mean,
    standardDeviation: count === 0 ? 0 : Math.sqrt(squaredDistances(data, mean) / count),
    minimum: count === 0 ? 0 : minimum,
    maximum: count === 0 ? 0 : maximum,
    histogram: count === 0 ? empty(bins) : histogramOf(data, minimum, maximum, bins),
  }
}

/** Over what is finite. */
function sumsOf(data: ArrayLike<number>) {
  const sums = { count: 0, sum: 0, squares: 0, minimum: Infinity, maximum: -Infinity }
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number
    if (!Number.isFinite(x)) continue
    sums.count++
    sums.sum += x
    sums.squares += x * x
    if (x < sums.minimum) sums.minimum = x
    if (x > sums.maximum) sums.maximum = x
  }
  return sums
}

/** By a second pass: the difference of two large sums would have lost its digits. */
function squaredDistances(data: ArrayLike<number>, mean: number): number {
  let sum = 0
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number
    if (Number.isFinite(x)) sum += (x - mean) ** 2
  }
  return sum
}

function histogramOf(data: ArrayLike<number>, from: number, to: number, bins: number): Histogram {
  const counts = new Array<number>(bins).fill(0)
  const scale = to > from ? bins / (to - from) : 0
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number
    if (!Number.isFinite(x)) continue
    const bin = Math.min(bins - 1, Math.floor((x - from) * scale))
    counts[bin] = (counts[bin] as number) + 1
  }
  return { from, to, counts }
}

function empty(bins: number): Histogram {
  return { from: 0, to: 0, counts: new Array<number>(bins).fill(0) }
}
