/**
 * The learning rate of a step, counted from 1: a pure function. Schedules that end with the run take
 * `totalSteps`, its length, where no length of their own is given.
 */
export type Schedule = (step: number, totalSteps: number | undefined) => number

/** One rate throughout. */
export function constant(rate: number): Schedule {
  checkRate('constant', 'rate', rate)
  return () => rate
}

/** A rate that moves from one value to another over a number of steps, then stays. */
export interface Decay {
  /** The rate of the first step. */
  readonly from: number
  /** The rate of the last step. Default 0. */
  readonly to?: number
  /** How many steps it takes. Default: the length of the run. */
  readonly steps?: number
}

/** A straight line from one rate to another. */
export function linear(decay: Decay): Schedule {
  return moving('linear', decay, (share) => share)
}

/** Half a cosine wave from one rate to another (Loshchilov & Hutter 2017, SGDR, without restarts). */
export function cosine(decay: Decay): Schedule {
  return moving('cosine', decay, (share) => (1 - Math.cos(Math.PI * share)) / 2)
}

/** From one rate to another, the distance to the end shrinking as `(1 - share) ** power`. Default power 2. */
export function polynomial({ power = 2, ...decay }: Decay & { readonly power?: number }): Schedule {
  checkPositive('polynomial', 'power', power)
  return moving('polynomial', decay, (share) => 1 - (1 - share) ** power)
}

/** Multiplies the rate by `factor` every `every` steps. */
export function stepped(options: {
  readonly from: number
  readonly every: number
  readonly factor: number
}): Schedule {
  checkRate('stepped', 'from', options.from)
  checkSteps('stepped', 'every', options.every)
  checkPositive('stepped', 'factor', options.factor)
  return (step) => options.from * options.factor ** Math.floor((step - 1) / options.every)
}

/**
 * One cycle (Smith & Topin 2018): up to the peak over the first part of the run along a cosine, then
 * down to nearly nothing along another.
 */
export function oneCycle(options: {
  readonly peak: number
  /** The first rate is the peak divided by this. Default 25. */
  readonly startDivisor?: number
  /** The last rate is the first divided by this. Default 10,000. */
  readonly endDivisor?: number
  /** Share of the steps that rise; the peak is the rate of the step after them. Default 0.3. */
  readonly rise?: number
  readonly steps?: number
}): Schedule {
  const { peak, startDivisor = 25, endDivisor = 10_000, rise = 0.3, steps } = options
  checkRate('oneCycle', 'peak', peak)
  checkPositive('oneCycle', 'startDivisor', startDivisor)
  checkPositive('oneCycle', 'endDivisor', endDivisor)
  if (!(rise > 0 && rise < 1)) throw new RangeError(`oneCycle({ rise: ${rise} }): must lie between 0 and 1`)
  if (steps !== undefined) checkSteps('oneCycle', 'steps', steps)
  const first = peak / startDivisor
  return (step, totalSteps) => {
    const length = lengthOf('oneCycle', steps, totalSteps)
    const rising = Math.max(1, Math.min(length - 2, Math.round(length * rise)))
    const up = cosine({ from: first, to: peak, steps: rising + 1 })
    const down = cosine({ from: peak, to: first / endDivisor, steps: Math.max(1, length - rising) })
    return step <= rising ? up(step, length) : down(step - rising, length)
  }
}

/** Rises in a straight line to the following schedule's first rate, which is reached after `steps` steps. */
export function warmup(steps: number, then: number | Schedule): Schedule {
  checkSteps('warmup', 'steps', steps)
  const next = toSchedule(then)
  return (step, totalSteps) => {
    const remaining = totalSteps === undefined ? undefined : Math.max(1, totalSteps - steps)
    return step <= steps ? (next(1, remaining) * step) / (steps + 1) : next(step - steps, remaining)
  }
}

/** One schedule after another: each for its number of steps, the last one for the rest of the run. */
export function sequence(
  ...parts: readonly [...(readonly [steps: number, schedule: number | Schedule])[], number | Schedule]
): Schedule {
  const last = toSchedule(parts.at(-1) as number | Schedule)
  const timed = parts.slice(0, -1).map((part) => {
    const [steps, schedule] = part as readonly [number, number | Schedule]
    checkSteps('sequence', 'steps', steps)
    return { steps, schedule: toSchedule(schedule) }
  })
  return (step, totalSteps) => {
    let begun = 0
    for (const { steps, schedule } of timed) {
      if (step <= begun + steps) return schedule(step - begun, steps)
      begun += steps
    }
    return last(step - begun, totalSteps === undefined ? undefined : Math.max(1, totalSteps - begun))
  }
}

/** A number as the schedule that is constant. */
export function toSchedule(rate: number | Schedule): Schedule {
  if (typeof rate === 'number') return constant(rate)
  if (typeof rate === 'function') return rate
  throw new TypeError(
    `${JSON.stringify(rate)} is no learning rate: give a number or a schedule, such as cosine({ from: 0.001 })`,
  )
}

/** From `decay.from` at the first step to `decay.to` at the last, along a curve from 0 to 1. */
function moving(name: string, decay: Decay, curve: (share: number) => number): Schedule {
  const { from, to = 0, steps } = decay
  checkRate(name, 'from', from)
  checkRate(name, 'to', to)
  if (steps !== undefined) checkSteps(name, 'steps', steps)
  return (step, totalSteps) => {
    const length = lengthOf(name, steps, totalSteps)
    const share = length === 1 ? 0 : Math.min(1, (step - 1) / (length - 1))
    return from + (to - from) * curve(share)
  }
}

function lengthOf(name: string, steps: number | undefined, totalSteps: number | undefined): number {
  const length = steps ?? totalSteps
  if (length === undefined) {
    throw new RangeError(`${name}: the run's length is not known; give the schedule its own steps`)
  }
  return length
}

function checkRate(name: string, field: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new RangeError(`${name}: ${field} is ${value}; a learning rate is a number from 0 on`)
  }
}

function checkPositive(name: string, field: string, value: number): void {
  if (!(Number.isFinite(value) && value > 0)) {
    throw new RangeError(`${name}: ${field} is ${value}; it must be a positive number`)
  }
}

function checkSteps(name: string, field: string, value: number): void {
  if (!(Number.isInteger(value) && value > 0)) {
    throw new RangeError(`${name}: ${field} is ${value}; it must be a positive whole number`)
  }
}
