import type { Mode } from './options.ts'

/** Where the logs of a `dir` lie, as the official client has it. */
export const logsFolder = 'wandb'

/** The transaction log in the folder of a run. */
export function logName(id: string): string {
  return `run-${id}.wandb`
}

/** The folder of a run that begins at a time, which is the machine's local one. */
export function folderName(mode: Mode, id: string, time: Date): string {
  const date = [time.getFullYear(), padded(time.getMonth() + 1), padded(time.getDate())].join('')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(padded).join('')
  return `${mode === 'offline' ? 'offline-' : ''}run-${date}_${clock}-${id}`
}

/** Eight letters and digits, like the official client's. */
export function randomId(): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz0123456789'
  // Of a byte, what would make the first letters more likely is left out.
  const drawn = Array.from(crypto.getRandomValues(new Uint8Array(64))).filter((byte) => byte < 252)
  return drawn
    .slice(0, 8)
    .map((byte) => digits[byte % 36])
    .join('')
}

function padded(value: number): string {
  return String(value).padStart(2, '0')
}
