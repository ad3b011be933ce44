import { oneLine } from './figures.ts'
import type { Measurement } from './measurements.ts'

/** A line for each number: columns never change, whatever a run comes to measure. */
export const header = 'step,epoch,samples,seconds,source,name,value\n'

/** A measurement as lines of CSV, after RFC 4180; each ends in a line feed. */
export function csvLines({ source, step, progress, values }: Measurement): string {
  const { epochs, samples, seconds } = progress
  const beginning = `${step},${epochs},${samples},${seconds},${cell(source)}`
  return Object.entries(values)
    .map(([name, value]) => `${beginning},${cell(name)},${number(value)}\n`)
    .join('')
}

/** Quoted where it has to be; without line breaks, so that a line of the file is a line of the table. */
function cell(text: string): string {
  return /[",]/.test(text) ? `"${oneLine(text).replaceAll('"', '""')}"` : oneLine(text)
}

/** Infinity as what most readers know. */
function number(value: number): string {
  return String(value).replace('Infinity', 'inf')
}
