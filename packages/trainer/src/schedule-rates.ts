import type { Json } from '@hookstep/catalogue'
import type { Schedule } from './schedules.ts'

/** Steps at which a schedule is looked at. */
const looks = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))

/** What tells one schedule from another as plain values: some of its rates, by their steps. */
function ratesOf(schedule: Schedule, totalSteps: number | undefined): Record<string, number> {
  const rates: Record<string, number> = {}
  for (const step of looks) {
    if (step > (totalSteps ?? Infinity)) break
    const rate = rateOf(schedule, step, totalSteps)
    if (Number.isFinite(rate)) rates[step] = rate
  }
  return rates
}

/** A schedule that cannot tell says so where its rate is needed. */
function rateOf(schedule: Schedule, step: number, totalSteps: number | undefined): number {
  try {
    return schedule(step, totalSteps)
  } catch {
    return Number.NaN
  }
}

/** A configuration that tells a schedule by its rates. */
export function withRates(
  configuration: Json,
  { learningRate }: { readonly learningRate: Schedule },
  totalSteps: number | undefined,
): Json {
  const options = configuration as { readonly [name: string]: Json }
  if (typeof options.learningRate === 'number') return configuration
  return Object.freeze({ ...options, learningRate: Object.freeze(ratesOf(learningRate, totalSteps)) })
}
