import { parseArgs } from 'node:util'

/** What follows the name of a benchmark. */
export interface Flags {
  /** End with one line of JSON. */
  readonly json: boolean
  /** One short round, to see that everything runs. Its numbers mean nothing, and no goal decides the exit code. */
  readonly quick: boolean
}

const { json, quick } = parse()

export const flags: Flags = { json, quick }

function parse(): Flags {
  try {
    const options = {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    } as const
    const { help, ...flags } = parseArgs({ options }).values
    if (!help) return flags
    console.log('--json: end with one line of JSON. --quick: one short round, to see that it runs.')
    return process.exit(0)
  } catch (error) {
    console.error(`${(error as Error).message.split('. ')[0]}: the flags are --json and --quick`)
    return process.exit(1)
  }
}
