import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { NamedArrays } from '@hookstep/catalogue'
import { loadCheckpoint } from '@hookstep/hook-checkpoint/node'
import { readJournal } from '@hookstep/hook-metrics/node'

/** What a run has come to: equal runs have equal ones. By what they are of, to name what differs. */
export type Outcome = Readonly<Record<string, string>>

/** Of a run that has ended, as its last checkpoint and its journal tell it. Times are left out. */
export async function outcomeOf(folder: string): Promise<Outcome> {
  const {
    session,
    seconds: _,
    hooks,
    configuration: _c,
    ...counters
  } = await loadCheckpoint(join(folder, 'checkpoints'))
  return {
    parameters: hashOfArrays(session.parameters),
    slots: hashOfArrays(session.slots),
    counters: JSON.stringify([session.counters, counters]),
    // The journal's own state is where its file ends, which depends on how many digits the times have.
    'hook states': JSON.stringify(hooks.tally),
    journal: JSON.stringify(await rowsOf(join(folder, await journalIn(folder)))),
  }
}

/** The names of what differs. */
export function differences(one: Outcome, other: Outcome): string[] {
  return Object.keys(one).filter((name) => one[name] !== other[name])
}

/** A process that was killed before its first checkpoint leaves a journal that the next one does not touch. */
async function journalIn(folder: string): Promise<string> {
  const number = (name: string): number => Number(/-(\d+)\.jsonl$/.exec(name)?.[1] ?? 1)
  const journals = (await readdir(folder)).filter((name) => name.startsWith('journal'))
  return journals.reduce((one, other) => (number(one) > number(other) ? one : other))
}

/** Every start has a row of its own; of the rest, all but the times must be equal. */
async function rowsOf(file: string): Promise<readonly object[]> {
  const rows = await readJournal(file)
  return rows.filter(({ type }) => type !== 'start').map(({ seconds: _, ...row }) => row)
}

function hashOfArrays(arrays: NamedArrays): string {
  const hash = createHash('sha256')
  for (const [name, { data, shape }] of Object.entries(arrays)) {
    hash.update(`${name}\0${shape}\0`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
