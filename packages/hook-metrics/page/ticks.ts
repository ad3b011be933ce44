import { duration } from '../src/figures.ts'

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 4 })

/** `0.05`, `12.5K`, `1e-5`: as short as an axis wants it. */
export function axisNumber(value: number): string {
  const size = Math.abs(value)
  if (value !== 0 && (size < 1e-3 || size >= 1e15)) {
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e')
  }
  return size >= 10_000 ? compact.format(value) : String(Number(value.toPrecision(5)))
}

/** `0:42`, `1:02:03`; parts of a second where they are told apart. */
export function axisTime(seconds: number): string {
  return Number.isInteger(seconds) ? duration(seconds) : `${Number(seconds.toPrecision(3))} s`
}

/** Distances between ticks that read well as times, in seconds. */
export const timeSteps: number[] = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400,
  21_600, 43_200, 86_400, 172_800, 432_000, 864_000,
]
