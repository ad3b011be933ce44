import type { Flag, Subcommand } from './subcommand.ts'
import { subcommands } from './subcommands.ts'

const flagLines: Readonly<Record<Flag, readonly [left: string, right: string]>> = {
  folder: ['-f, --folder DIR', 'where the checkpoints lie (default: checkpoints)'],
  all: ['--all', 'all of them'],
  json: ['--json', 'as JSON, for programs'],
  to: ['--to DIR', 'where to write; made when it is not there, and nothing in it is overwritten'],
  format: ['--format FORMAT', 'safetensors (default), or tfjs: model.json and weights.bin'],
}

/** What `--help` prints. */
export function help(): string {
  return `Looks after the checkpoints of a Hookstep run.

npx @hookstep/hook-checkpoint SUBCOMMAND [names] [flags]

${table(Object.entries(subcommands).map(([name, { takes, about }]) => [`${name} ${takes}`, about]))}

${table([flagLines.folder, ['-h, --help', 'this, or what a subcommand takes']])}

${footnotes}`
}

/** What `SUBCOMMAND --help` prints. */
export function helpOf(name: string, { takes, about, flags }: Subcommand): string {
  const lines = (['folder', ...flags] as const).map((flag) => flagLines[flag])
  return `npx @hookstep/hook-checkpoint ${name} ${takes}

${about[0]?.toUpperCase()}${about.slice(1)}.

${table(lines)}

${footnotes}`
}

const footnotes = `NAME is a checkpoint's name as \`list\` shows it, such as step-00000200 or rank-0/step-00000200; a path
to a checkpoint of another folder; or left out where that is allowed: the newest.
It exits with 0 when all is well, 1 when a checkpoint is refused or two differ, 2 when the command is not understood.`

function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
