import { parseArgs } from 'node:util'
import { checkPort } from '../dashboard/check-port.ts'
import { help } from './help.ts'
import { view } from './view.ts'

const options = {
  port: { type: 'string', short: 'p' },
  help: { type: 'boolean', short: 'h' },
} as const

/** A wish on the command line that cannot be met. Its message is all that the user needs to see. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** What a command line led to. */
export interface Outcome {
  /** 0 when all is well, 1 when it cannot be done, 2 when the command is not understood. */
  readonly exitCode: 0 | 1 | 2
  /** Ends what goes on until it is told to end. */
  readonly until?: () => void
}

/** Does what a command line says. */
export async function command(
  args: readonly string[],
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<Outcome> {
  try {
    return await run(args, print)
  } catch (error) {
    printError((error as Error).message)
    return { exitCode: error instanceof UsageError ? 2 : 1 }
  }
}

async function run(args: readonly string[], print: (text: string) => void): Promise<Outcome> {
  const { values, positionals } = parse(args)
  const [name, ...files] = positionals
  if (values.help) {
    print(help)
    return { exitCode: 0 }
  }
  if (name !== 'view')
    throw new UsageError(name === undefined ? help : `there is no subcommand ${name}; there is view`)
  if (files.length === 0)
    throw new UsageError('view: name the journals to look at, such as runs/*/journal.jsonl')
  const page = await view(files, readPort(values.port))
  print(`${page.url} shows ${files.length === 1 ? 'the run' : `${files.length} runs`} until Ctrl-C`)
  return { exitCode: 0, until: () => void page.close() }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--help lists all flags)`)
  }
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = text.trim() === '' ? Number.NaN : Number(text)
  try {
    checkPort(port)
  } catch {
    throw new UsageError(`--port ${text}: takes a whole number up to 65535, or 0 for any that is free`)
  }
  return port
}
