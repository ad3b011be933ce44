import { parseArgs } from 'node:util'
import { closestMatch } from 'leven'
import type { Flag } from './flag-kinds.ts'
import { type Flags, flags } from './flags.ts'
import { UsageError } from './usage-error.ts'

const table: Readonly<Record<string, Flag<unknown>>> = flags

/**
 * Reads the command line. Of a flag that is given twice, the last counts.
 *
 * @throws UsageError on a flag that does not exist, and on a value that it does not take.
 */
export function parseFlags(args: readonly string[]): Flags {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { takes }]) => [name, { type: takes ? 'string' : 'boolean' } as const]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given = tokens.flatMap((token) => {
    if (token.kind === 'positional') throw wrong(`${token.value}: every flag begins with --`)
    return token.kind === 'option' ? [[token.name, readFlag(token)]] : []
  })
  return Object.fromEntries(given)
}

/** A flag as it was written. */
interface Written {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function readFlag({ name, rawName, value, inlineValue }: Written): unknown {
  const flag = rawName.startsWith('--') && Object.hasOwn(table, name) ? table[name] : undefined
  if (flag === undefined) throw wrong(`${rawName}: there is no such flag${nearest(name)}`)
  const { takes, read } = flag
  if (takes === undefined) {
    if (value !== undefined) throw wrong(`${rawName}=${value}: ${rawName} takes no value`)
    return read('')
  }
  const isMissing = !value || (inlineValue === false && value.startsWith('--'))
  if (isMissing) throw wrong(`${rawName}: takes a value, ${takes}`)
  const result = read(value)
  if (result === undefined) throw wrong(`${rawName} ${value}: takes ${takes}`)
  return result
}

/** The flag that was meant, if one is written nearly so. */
function nearest(name: string): string {
  const maxDistance = Math.min(3, Math.floor(name.length / 2))
  const found = closestMatch(name, Object.keys(table), { maxDistance })
  return found === undefined ? '' : `; did you mean --${found}?`
}

function wrong(message: string): UsageError {
  return new UsageError(`${message} (--help lists all flags)`)
}
