import type { HistoryRecord, Item, OutputRecord, StatsRecord } from '../log/records.ts'
import { requestBytes } from './pacing.ts'

/*
 * Records as the official client sends them. NaN and Infinity stand bare, as in the log: W&B's servers read them.
 */

/** A row of the history. */
export function historyLine({ step, items }: HistoryRecord): string {
  const numbered = items.some(({ key }) => nameOf(key) === '_step')
  return object(numbered ? items : [...items, { key: '_step', json: String(step) }])
}

/** What stands in place of a row that is too large for a request, so that the ones after it keep their numbers. */
export function placeholder({ step }: HistoryRecord): string {
  return `{"_step":${step}}`
}

/** What was measured of the machine. @param startTime of the run, in seconds since 1970. */
export function eventLine({ timestamp, items }: StatsRecord, startTime: number): string {
  const measured = items.map(({ key, json }) => ({ key: `system.${nameOf(key)}`, json }))
  return object([
    ...measured,
    { key: '_wandb', json: 'true' },
    { key: '_timestamp', json: String(timestamp) },
    { key: '_runtime', json: String(Math.max(0, timestamp - startTime)) },
  ])
}

/** A line of output, with its time; what a carriage return has overwritten is left out. */
export function outputLine({ stream, timestamp, line }: OutputRecord): string {
  const shown =
    line
      .replace(/[\r\n]+$/, '')
      .split('\r')
      .at(-1) ?? ''
  const time = new Date(timestamp * 1000).toISOString().replace('Z', '')
  return `${stream === 'stderr' ? 'ERROR ' : ''}${time} ${shown.replaceAll('\n', ' ')}`
}

/** Bytes of a line in a request, at most: JSON escapes quotes, and a character has up to three bytes. */
export function bytesOf(line: string): number {
  let bytes = 3
  for (let at = 0; at < line.length; at++) bytes += cost(line.charCodeAt(at))
  return bytes
}

/** Whether a request can hold it. */
export function fits(line: string): boolean {
  return line.length * 6 < requestBytes || bytesOf(line) < requestBytes - 4096
}

function cost(code: number): number {
  if (code < 0x20) return 6
  if (code === 0x22 || code === 0x5c) return 2
  if (code < 0x80) return 1
  return code < 0x800 ? 2 : 3
}

/** The JSON object of items; names of several levels become objects within objects. */
function object(items: readonly Item[]): string {
  const flat = items.every(({ key }) => typeof key === 'string' || key.length === 1)
  if (!flat) return tree(items)
  return `{${items.map(({ key, json }) => `${JSON.stringify(nameOf(key))}:${json}`).join(',')}}`
}

function tree(items: readonly Item[]): string {
  const levels = new Map<string, string | Item[]>()
  for (const { key, json } of items) {
    const [name = '', ...rest] = typeof key === 'string' ? [key] : key
    const within = levels.get(name)
    if (rest.length === 0) levels.set(name, json)
    else if (Array.isArray(within)) within.push({ key: rest, json })
    else levels.set(name, [{ key: rest, json }])
  }
  const members = [...levels].map(([name, value]) => {
    return `${JSON.stringify(name)}:${typeof value === 'string' ? value : object(value)}`
  })
  return `{${members.join(',')}}`
}

function nameOf(key: Item['key']): string {
  return typeof key === 'string' ? key : key.join('.')
}
