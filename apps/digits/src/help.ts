import { flags } from './flags.ts'

/** What `--help` prints. */
export function help(): string {
  const rows = Object.entries(flags).map(([name, { placeholder, help }]) => ({
    left: `--${name} ${placeholder ?? ''}`,
    right: help,
  }))
  const width = Math.max(...rows.map(({ left }) => left.length))
  return `Learns real handwritten digits, and says how many of 1,000 that it has never seen it reads.

npm start -- [flags]

${rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`).join('\n')}

Of several NAMEs the first is taken, unless another is given.
A PERIOD is a number and a unit: '100 steps', '1 epoch', '30 seconds', '5%'.

Ctrl-C saves the run at once and ends it; --resume goes on with it. A second later once more, and the process ends.
It exits with 0 when the run is finished, 1 when it failed, 2 when a flag is wrong, 3 when --strict has found a hook
that failed, and with 128 and the signal's number when it was interrupted: 130 after Ctrl-C.`
}
