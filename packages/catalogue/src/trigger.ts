import type { Progress } from './progress.ts'

const units = ['steps', 'epochs', 'samples', 'seconds', 'percent'] as const

/** What a trigger counts. */
export type TriggerUnit = (typeof units)[number]

/**
 * When something is due. A plain value: it can be written as JSON, and read back.
 * Make one with {@link every} or {@link at}, or take {@link once}, {@link atEnd} or {@link never};
 * {@link anyOf} combines them.
 */
export type Trigger =
  | { readonly kind: 'every'; readonly period: number; readonly unit: TriggerUnit }
  | { readonly kind: 'at'; readonly points: readonly number[]; readonly unit: TriggerUnit }
  | { readonly kind: 'end' }
  | { readonly kind: 'any'; readonly triggers: readonly Trigger[] }

/**
 * Due each time a multiple of the period has been passed: `every('100 steps')`, `every('1 epoch')`,
 * `every('30 seconds')`, `every('1e6 samples')`, `every('5%')` of the run.
 *
 * @param options `last`: due at the end of the run as well.
 * @throws RangeError when the period cannot be.
 */
export function every(period: string, options: { readonly last?: boolean } = {}): Trigger {
  const call = `every('${period}')`
  const { amount, unit } = parse(call, period)
  if (!(amount > 0)) {
    throw new RangeError(`${call}: the period must be a positive number of ${unit}`)
  }
  if (unit === 'percent' && amount > 100) {
    throw new RangeError(`${call}: the period must be at most 100 percent`)
  }
  const trigger: Trigger = { kind: 'every', period: amount, unit }
  return options.last === true ? anyOf(trigger, atEnd) : trigger
}

/**
 * Due once at each point: `at('500 steps', '2000 steps')`, `at('50%')`.
 *
 * @throws RangeError when there is no point, a point cannot be, or the points differ in unit.
 */
export function at(...points: readonly string[]): Trigger {
  const call = `at(${points.map((point) => `'${point}'`).join(', ')})`
  const parsed = points.map((point) => parse(call, point))
  const unit = parsed[0]?.unit
  if (unit === undefined) throw new RangeError("at(): name at least one point, such as at('500 steps')")
  for (const point of parsed) {
    if (point.unit !== unit) {
      throw new RangeError(`${call}: points of one unit, please; combine triggers with anyOf(…)`)
    }
    if (!(point.amount > 0)) throw new RangeError(`${call}: a point must be a positive number of ${unit}`)
    if (unit === 'percent' && point.amount > 100) {
      throw new RangeError(`${call}: a point must be at most 100 percent`)
    }
  }
  return { kind: 'at', points: parsed.map(({ amount }) => amount).sort((a, b) => a - b), unit }
}

/** Due once, at the first step. */
export const once: Trigger = Object.freeze({ kind: 'at', points: [1], unit: 'steps' })

/** Due only at the end of the run. */
export const atEnd: Trigger = Object.freeze({ kind: 'end' })

/** Never due. */
export const never: Trigger = Object.freeze({ kind: 'any', triggers: [] })

/** Due when one of the triggers is. */
export function anyOf(...triggers: readonly Trigger[]): Trigger {
  for (const trigger of triggers) checkTrigger(trigger)
  return { kind: 'any', triggers }
}

/**
 * Whether a trigger is due, now that the run has come from `before` to `now`: a pure function, so that
 * a resumed run decides as the uninterrupted one would.
 */
export function isDue(trigger: Trigger, before: Progress, now: Progress): boolean {
  switch (trigger.kind) {
    case 'any':
      return trigger.triggers.some((one) => isDue(one, before, now))
    case 'at': {
      const { points, unit } = trigger
      return points.some((point) => times(point, unit, before) < 1 && times(point, unit, now) >= 1)
    }
    case 'end':
      return now.last
    case 'every':
      return times(trigger.period, trigger.unit, now) > times(trigger.period, trigger.unit, before)
  }
}

/** Whether it is due at the end of the run, wherever that is. */
export function isDueAtEnd(trigger: Trigger): boolean {
  return trigger.kind === 'any' ? trigger.triggers.some(isDueAtEnd) : trigger.kind === 'end'
}

/** Whether it counts shares of the run, which takes a run of known length. */
export function countsPercent(trigger: Trigger): boolean {
  if (trigger.kind === 'any') return trigger.triggers.some(countsPercent)
  return trigger.kind !== 'end' && trigger.unit === 'percent'
}

/**
 * Refuses what is no trigger, such as one that was written by hand and cannot be due.
 *
 * @throws TypeError naming the value.
 */
export function checkTrigger(value: unknown): asserts value is Trigger {
  if (isTrigger(value)) return
  const named = typeof value === 'function' ? `the function ${value.name}` : JSON.stringify(value)
  throw new TypeError(`${named} is not a trigger; write every('100 steps'), for example`)
}

function isTrigger(value: unknown): value is Trigger {
  const { kind, unit, period, points, triggers } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (kind === 'any') return Array.isArray(triggers) && triggers.every(isTrigger)
  if (kind === 'every') return isUnit(unit) && isAmount(period)
  if (kind === 'at') return isUnit(unit) && Array.isArray(points) && points.every(isAmount)
  return kind === 'end'
}

function isUnit(value: unknown): value is TriggerUnit {
  return units.includes(value as TriggerUnit)
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) > 0
}

/** How many times a whole length has been passed. */
function times(length: number, unit: TriggerUnit, progress: Progress): number {
  return Math.floor((count(unit, progress) / length) * (1 + rounding))
}

/** Shares of an epoch and of a run are fractions: they may miss a whole by the last bits. */
const rounding = 1e-12

function count(unit: TriggerUnit, progress: Progress): number {
  if (unit === 'steps') return progress.step
  if (unit === 'percent')
    return progress.totalSteps === undefined ? 0 : (100 * progress.step) / progress.totalSteps
  return progress[unit]
}

function parse(call: string, text: string): { amount: number; unit: TriggerUnit } {
  const [, digits = '', word = ''] = /^\s*([\d.eE+-]+?)\s*(%|[a-zA-Z]+)\s*$/.exec(String(text)) ?? []
  const unit = word === '%' ? 'percent' : units.find((name) => name === word || name === `${word}s`)
  const amount = Number(digits)
  if (digits === '' || unit === undefined || !Number.isFinite(amount)) {
    throw new RangeError(
      `${call}: write a number and a unit: ${units.slice(0, 4).join(', ')} or %, such as '100 steps'`,
    )
  }
  if ((unit === 'steps' || unit === 'samples') && !Number.isInteger(amount)) {
    throw new RangeError(`${call}: ${unit} are whole`)
  }
  return { amount, unit }
}
