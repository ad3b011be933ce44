import type { Values } from '@hookstep/catalogue'

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Four digits that count, and an exponent where a number is far from 1: `0.2500`, `12,340`, `1.23e-7`. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (value === 0 || !Number.isFinite(value)) return String(value)
  if (size < 1e-4 || size >= 1e9) return value.toExponential(2)
  return size >= 1000 ? grouped.format(value) : value.toPrecision(4)
}

/** As {@link figure}, without the zeros that say nothing: for numbers that were chosen, `0.001`. */
function shortFigure(value: number): string {
  const text = figure(value)
  return /[,e]/.test(text) ? text.replace(/\.?0+e/, 'e') : String(Number(text))
}

/** `12,340 samples/s`. */
export function rate(samplesPerSecond: number): string {
  const digits = samplesPerSecond >= 100 ? grouped.format(samplesPerSecond) : shortFigure(samplesPerSecond)
  return `${digits} samples/s`
}

/** `0:42`, `1:02:03`, `2d 03:04:05`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (count: number): string => String(Math.floor(count)).padStart(2, '0')
  const clock = `${two((whole / 3600) % 24)}:${two((whole / 60) % 60)}:${two(whole % 60)}`
  return whole < 86400 ? clock.replace(/^(00:)?0?/, '') : `${Math.floor(whole / 86400)}d ${clock}`
}

/** `step 100/860`. */
export function stepOf(step: number, totalSteps: number | undefined): string {
  return totalSteps === undefined ? `step ${step}` : `step ${step}/${totalSteps}`
}

/** Each value with its name, the learning rate last: `loss 0.2512`, `accuracy 0.9120`, `lr 0.001`. */
export function namedFigures(values: Values): string[] {
  const { learning_rate: learningRate, ...measured } = values
  const texts = Object.entries(measured).map(([name, value]) => `${oneLine(name)} ${figure(value)}`)
  return learningRate === undefined ? texts : [...texts, `lr ${shortFigure(learningRate)}`]
}

/** Without line breaks and control characters: what a line of text can hold. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}
