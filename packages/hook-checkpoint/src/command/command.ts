import { parseArgs } from 'node:util'
import { messageOf } from '../message-of.ts'
import { nearestNames } from '../nearest-names.ts'
import { help, helpOf } from './help.ts'
import { type Flag, type Subcommand, UsageError } from './subcommand.ts'
import { subcommands } from './subcommands.ts'
import { printableLines } from './table.ts'

const options = {
  folder: { type: 'string', short: 'f' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  to: { type: 'string' },
  format: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Does what a command line says.
 *
 * @returns the exit code: 0 when all is well, 1 when a checkpoint is refused or two differ, 2 when the command is not
 * understood.
 */
export async function command(
  args: readonly string[],
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    return (await run(args, (text) => print(printableLines(text)))) ? 0 : 1
  } catch (error) {
    printError(printableLines(messageOf(error)))
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(args: readonly string[], print: (text: string) => void): Promise<boolean> {
  const { values, positionals } = parse(args)
  const [name, ...names] = positionals
  if (name === undefined) {
    if (!values.help) throw new UsageError(help())
    print(help())
    return true
  }
  const subcommand = find(name)
  if (values.help) {
    print(helpOf(name, subcommand))
    return true
  }
  check(name, subcommand, names, Object.keys(values) as Flag[])
  const { folder = 'checkpoints', all = false, json = false, to, format } = values
  return subcommand.run({ names, folder, all, json, to, format, print })
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${messageOf(error)} (--help lists all flags)`)
  }
}

function find(name: string): Subcommand {
  const found = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  if (found !== undefined) return found
  const [near] = nearestNames(name, Object.keys(subcommands))
  throw new UsageError(`there is no subcommand ${name}; did you mean ${near}? (--help lists all)`)
}

/** @throws UsageError on a flag that it does not take, and on too many or too few names. */
function check(
  name: string,
  { takes, names: [least, most], flags }: Subcommand,
  names: readonly string[],
  given: readonly Flag[],
): void {
  const strange = given.find((flag) => flag !== 'folder' && !flags.includes(flag))
  if (strange !== undefined) throw new UsageError(`${name} takes no --${strange}: ${name} ${takes}`)
  if (names.length < least || names.length > most) throw new UsageError(`write ${name} ${takes}`)
}
