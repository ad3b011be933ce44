/** The folder of a run: which flags it was begun with, its journal and its checkpoints. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Hook, train } from '@hookstep/catalogue'
import { parseFlags } from './command-line.ts'
import type { Flags } from './flags.ts'
import { UsageError } from './usage-error.ts'

const fileName = 'command.json'

/** What the command line says; of a run that goes on: what it said then, and what it says anew. */
export function flagsOf(args: readonly string[]): Flags {
  const given = parseFlags(args)
  if (given.resume === undefined) return given
  if (given.out !== undefined)
    throw new UsageError('--resume goes on in the folder of the run: leave --out away')
  return { ...parseFlags(readCommand(given.resume)), ...given, out: given.resume }
}

/** @throws UsageError where another run has the folder. */
export function checkFree(out: string): void {
  if (!existsSync(join(out, fileName))) return
  throw new UsageError(
    `--out ${out}: there is a run in it; go on with it by --resume ${out}, or name another`,
  )
}

/** A hook that keeps the command line with the run, for `--resume`. Behind the journal, which makes the folder. */
export function keepCommand(out: string, args: readonly string[]): Hook {
  return {
    name: 'command',
    setup(run) {
      run.subscribe(train.configuration.start, () => {
        writeFileSync(join(out, fileName), `${JSON.stringify({ args })}\n`)
      })
    },
  }
}

export function checkpointsOf(out: string): string {
  return join(out, 'checkpoints')
}

function readCommand(folder: string): readonly string[] {
  try {
    return (JSON.parse(readFileSync(join(folder, fileName), 'utf8')) as { args: string[] }).args
  } catch (cause) {
    throw new UsageError(`--resume ${folder}: no run was begun there (${(cause as Error).message})`)
  }
}
