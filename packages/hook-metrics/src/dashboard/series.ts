/** Numbers of one name over a run: arrays of one length. */
export interface Points {
  /** Updates of the parameters, rising. */
  readonly steps: number[]
  /** Seconds since training began. */
  readonly seconds: number[]
  /** `NaN` where there was no finite number. */
  readonly values: number[]
  /** The mean of the values that the point stands for: its own, until neighbours have gone. */
  readonly means: number[]
  /** How many values it stands for. */
  readonly counts: number[]
}

/** Points that a series keeps at most: many more than a screen has columns, so that there is something to zoom into. */
const usualCapacity = 16_384

/**
 * Numbers of one name over a run, in bounded memory. When it is full, the lowest and the highest of some neighbours
 * stay, and their mean: of what is long ago fewer, evenly, and of late all. So peaks are never lost, and the last
 * point is always the last.
 */
export class Series {
  readonly points: Points = { steps: [], seconds: [], values: [], means: [], counts: [] }
  private readonly capacity: number
  /** Points at the beginning that stand for `stride` values each; those behind them for one. */
  private settled = 0
  private stride = 1
  private times = 0

  /** @param capacity points that it keeps at most. */
  constructor(capacity: number = usualCapacity) {
    this.capacity = capacity
  }

  get length(): number {
    return this.points.values.length
  }

  /** How often points have gone or changed: while it is the same, there were only additions. */
  get revision(): number {
    return this.times
  }

  add(step: number, seconds: number, value: number): void {
    if (this.length >= this.capacity) this.thin()
    const { points } = this
    const kept = Number.isFinite(value) ? value : Number.NaN
    points.steps.push(step)
    points.seconds.push(Math.round(seconds * 1000) / 1000)
    points.values.push(kept)
    points.means.push(kept)
    points.counts.push(1)
  }

  /** Forgets what came after a step. */
  dropAfter(step: number): void {
    const { steps } = this.points
    let kept = this.length
    while (kept > 0 && (steps[kept - 1] as number) > step) kept--
    if (kept === this.length) return
    this.cut(kept)
    this.settled = Math.min(this.settled, kept)
  }

  /** Settles what has come since the last time; where that leaves too little room, each point stands for twice as many. */
  private thin(): void {
    this.join(this.settled)
    while (this.length > this.capacity / 2) {
      this.stride *= 2
      this.join(0)
    }
    this.settled = this.length
  }

  /** From one point on, makes two of every so many that both together stand for twice the stride. */
  private join(from: number): void {
    let kept = from
    for (let at = from; at < this.length; ) {
      const end = this.endOfGroup(at)
      const isPair = end - at <= 2
      const stands = isPair ? undefined : meanOf(this.points, at, end)
      const [first, last] = isPair ? [at, end - 1] : extremes(this.points.values, at, end)
      this.move(first, kept++, stands)
      if (last > first) this.move(last, kept++, stands)
      at = end
    }
    this.cut(kept)
  }

  private endOfGroup(begin: number): number {
    const { counts } = this.points
    let [end, count] = [begin, 0]
    while (end < counts.length && count < 2 * this.stride) count += counts[end++] as number
    return end
  }

  private move(from: number, to: number, stands?: Mean): void {
    const { steps, seconds, values, means, counts } = this.points
    steps[to] = steps[from] as number
    seconds[to] = seconds[from] as number
    values[to] = values[from] as number
    means[to] = stands?.mean ?? (means[from] as number)
    counts[to] = stands === undefined ? (counts[from] as number) : stands.count / 2
  }

  private cut(length: number): void {
    for (const numbers of Object.values(this.points) as number[][]) numbers.length = length
    this.times++
  }
}

interface Mean {
  readonly mean: number
  readonly count: number
}

/** `NaN` where there is no number. */
function meanOf({ means, counts }: Points, from: number, to: number): Mean {
  let [sum, numbers, count] = [0, 0, 0]
  for (let at = from; at < to; at++) {
    const [mean, stands] = [means[at] as number, counts[at] as number]
    count += stands
    if (Number.isNaN(mean)) continue
    sum += mean * stands
    numbers += stands
  }
  return { mean: sum / numbers, count }
}

/** Where the lowest and the highest of some values are, in their order. What is no number is neither. */
function extremes(values: readonly number[], from: number, to: number): [number, number] {
  let [low, high] = [from, to - 1]
  for (let at = from; at < to; at++) {
    const value = values[at] as number
    if (value < (values[low] as number) || Number.isNaN(values[low])) low = at
    if (value >= (values[high] as number) || Number.isNaN(values[high])) high = at
  }
  if (low === high) return [from, to - 1]
  return low < high ? [low, high] : [high, low]
}
