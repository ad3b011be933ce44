/** Numbers of one name over a run. */
export interface Points {
  /** Updates of the parameters, rising. */
  readonly steps: number[]
  /** Seconds since training began. */
  readonly seconds: number[]
  /** `NaN` where there was no finite number. */
  readonly values: number[]
}

/** Points that a series keeps at most: many more than a screen has columns, so that there is something to zoom into. */
const usualCapacity = 16_384

/**
 * Numbers of one name over a run, in bounded memory: when it is full, of every four neighbours the lowest and
 * the highest stay. Peaks are never lost, and the last point is always the last.
 */
export class Series {
  readonly points: Points = { steps: [], seconds: [], values: [] }
  private readonly capacity: number
  private times = 0

  /** @param capacity points that it keeps at most; a multiple of 4. */
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
    points.steps.push(step)
    points.seconds.push(Math.round(seconds * 1000) / 1000)
    points.values.push(Number.isFinite(value) ? value : Number.NaN)
  }

  /** Forgets what came after a step. */
  dropAfter(step: number): void {
    const { steps, seconds, values } = this.points
    let kept = this.length
    while (kept > 0 && (steps[kept - 1] as number) > step) kept--
    if (kept === this.length) return
    steps.length = seconds.length = values.length = kept
    this.times++
  }

  private thin(): void {
    const { steps, seconds, values } = this.points
    let kept = 0
    for (let from = 0; from < values.length; from += 4) {
      for (const at of extremes(values, from, from + 4)) {
        steps[kept] = steps[at] as number
        seconds[kept] = seconds[at] as number
        values[kept] = values[at] as number
        kept++
      }
    }
    steps.length = seconds.length = values.length = kept
    this.times++
  }
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
