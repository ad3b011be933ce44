import { parseArgs } from 'node:util'
import { surroundings } from '../node/platform.ts'
import { messageOf } from '../outcome.ts'
import { address } from '../settings.ts'
import { findRuns } from './found-runs.ts'
import { help } from './help.ts'
import { describe, type Report, reportOf } from './report.ts'
import { sendRun } from './send-run.ts'
import { UsageError } from './usage-error.ts'

const options = {
  json: { type: 'boolean', default: false },
  'skip-lost': { type: 'boolean', default: false },
  timeout: { type: 'string', default: '60' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/**
 * Does what a command line says.
 *
 * @returns the exit code: 0 when all is sent, or was listed, 1 when something could not be sent or read, 2 when the
 * command is not understood.
 */
export async function command(
  args: readonly string[],
  print: (text: string) => void,
  printError: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    return (await run(args, (text) => print(printable(text)))) ? 0 : 1
  } catch (error) {
    printError(printable(messageOf(error)))
    return error instanceof UsageError ? 2 : 1
  }
}

async function run(args: readonly string[], print: (text: string) => void): Promise<boolean> {
  const { values, positionals } = parse(args)
  const [name, ...named] = positionals
  if (values.help) {
    print(help)
    return true
  }
  if (name !== 'sync' && name !== 'list') throw new UsageError(name === undefined ? help : unknown(name))
  const folders = named.length > 0 ? named : [process.env.WANDB_DIR || '.']
  const reports =
    name === 'list' ? (await findRuns(folders)).map(reportOf) : await sync(folders, values, print)
  if (values.json) print(JSON.stringify(reports, undefined, 2))
  else if (name === 'list') print(reports.map(describe).join('\n'))
  return reports.every(({ state }) => state !== 'failed')
}

/** One after the other: runs that others go on from come first. */
async function sync(
  folders: readonly string[],
  { json, timeout, 'skip-lost': skip }: { json: boolean; timeout: string; 'skip-lost': boolean },
  print: (text: string) => void,
): Promise<Report[]> {
  const giveUpMs = milliseconds(timeout)
  const { baseUrl, apiKey } = address({}, await surroundings())
  if (apiKey === undefined)
    throw new UsageError(`there is no key for ${baseUrl}: set WANDB_API_KEY, or write ~/.netrc`)
  const reports: Report[] = []
  for (const found of await findRuns(folders)) {
    const to = { baseUrl, apiKey, giveUpMs, lostRows: skip ? ('skip' as const) : ('wait' as const) }
    const report = await sendRun(found, to, (message) => {
      if (!json) print(message)
    })
    reports.push(report)
    if (!json) print(describe(report))
  }
  return reports
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${messageOf(error)} (--help lists all flags)`)
  }
}

function milliseconds(seconds: string): number {
  const ms = Number(seconds) * 1000
  if (seconds.trim() !== '' && ms >= 0 && Number.isFinite(ms)) return ms
  throw new UsageError(`--timeout ${seconds}: give a number of seconds, such as 60`)
}

function unknown(name: string): string {
  return `there is no subcommand ${name}: there are sync and list (--help tells more)`
}

/** What somebody else has written must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '\ufffd')
}
