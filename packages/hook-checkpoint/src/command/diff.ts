import type { Json, RunState } from '@hookstep/catalogue'
import { compare, type Difference, isSame } from '../compare.ts'
import { readCheckpoint } from '../reading.ts'
import { find } from './places.ts'
import { type Subcommand, UsageError } from './subcommand.ts'
import { formatNumber, table } from './table.ts'

export const diff: Subcommand = {
  takes: 'NAME NAME [--json]',
  about: 'tells in which numbers two checkpoints differ, and by how much; the time they took aside',
  names: [2, 2],
  flags: ['json'],
  async run({ folder, names: [one = '', other = ''], json, print }) {
    const difference = compare(await stateOf(folder, one), await stateOf(folder, other))
    const same = isSame(difference)
    if (json) print(JSON.stringify({ same, ...difference }, infinite, 2))
    else print(same ? `${one} and ${other} are the same` : describe(difference))
    return same
  },
}

async function stateOf(folder: string, label: string): Promise<RunState> {
  const { store, name } = await find(folder, label)
  const read = await readCheckpoint(store, name)
  if (read.kind === 'train') return read.state
  throw new UsageError(`${label} is that of an inference: there are no parameters to compare`)
}

/** JSON has no word for it. */
function infinite(_: string, value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value
}

function describe({ arrays, only, facts }: Difference): string {
  const rows = Object.entries(arrays).flatMap(([group, found]) =>
    found.map(({ name, count, of, largest }) => [
      `${group}/${name}`,
      `${count} of ${of}`,
      formatNumber(largest),
    ]),
  )
  const parts = [
    ...(rows.length > 0 ? [table(['array', 'numbers that differ', 'by at most'], rows)] : []),
    ...only.map((name) => `${name}: only one has it, or in another shape`),
    ...facts.map(({ path, values }) => `${path}: ${values.map(brief).join(' and ')}`),
  ]
  return parts.join('\n')
}

function brief(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
