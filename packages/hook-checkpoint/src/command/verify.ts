import { CheckpointError } from '../checkpoint-error.ts'
import { readCheckpoint } from '../reading.ts'
import { all, type Found, find, newest } from './places.ts'
import { type Subcommand, UsageError } from './subcommand.ts'

export const verify: Subcommand = {
  takes: '[NAME | --all] [--json]',
  about: 'reads a checkpoint as a resume would, every byte of it',
  names: [0, 1],
  flags: ['all', 'json'],
  async run({ folder, names: [name], all: isAll, json, print }) {
    if (isAll && name !== undefined) throw new UsageError(`write either ${name} or --all`)
    const one = async (): Promise<Found> => (name === undefined ? newest(folder) : find(folder, name))
    const found = isAll ? await all(folder) : [await one()]
    if (found.length === 0) throw new UsageError(`${folder} has no checkpoint`)
    const results = await verified(found)
    if (json) print(JSON.stringify(results, undefined, 2))
    else
      for (const { name, refused } of results)
        print(refused === undefined ? `${name}: valid` : `${name}: refused: ${refused}`)
    return results.every(({ refused }) => refused === undefined)
  },
}

interface Result {
  readonly name: string
  /** Why, where it is. */
  readonly refused?: string
}

async function verified(found: readonly Found[]): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const { store, name, label } of found) {
    try {
      await readCheckpoint(store, name)
      results.push({ name: label })
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error
      results.push({ name: label, refused: error.reason })
    }
  }
  return results
}
