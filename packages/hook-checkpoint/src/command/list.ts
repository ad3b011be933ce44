import { listCheckpoints } from '../listing.ts'
import type { Manifest } from '../manifest.ts'
import { placesIn } from './places.ts'
import type { Subcommand } from './subcommand.ts'
import { formatBytes, formatNumber, table } from './table.ts'

/** A checkpoint, or why it is refused. */
type Entry =
  | (Omit<Manifest, 'files' | 'sha256' | 'format'> & { readonly bytes: number })
  | { readonly name: string; readonly refused: string }

export const list: Subcommand = {
  takes: '[--json]',
  about: 'tells what there is, the newest first, without reading all of it',
  names: [0, 0],
  flags: ['json'],
  async run({ folder, json, print }) {
    const entries = await entriesIn(folder)
    print(json ? JSON.stringify(entries, undefined, 2) : describe(folder, entries))
    return true
  },
}

async function entriesIn(folder: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for (const { store, prefix } of await placesIn(folder)) {
    const { manifests, refused } = await listCheckpoints(store)
    entries.push(...manifests.map((manifest) => entryOf(prefix, manifest)))
    for (const { location, reason } of refused) {
      entries.push({ name: prefix + location.slice(store.location.length + 1), refused: reason })
    }
  }
  return entries
}

function entryOf(prefix: string, { files, sha256, format, name, ...manifest }: Manifest): Entry {
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
  return { name: prefix + name, bytes, ...manifest }
}

function describe(folder: string, entries: readonly Entry[]): string {
  if (entries.length === 0) return `${folder} has no checkpoint`
  return table(['name', 'step', 'taken', 'size', 'evaluation', 'why'], entries.map(row))
}

function row(entry: Entry): string[] {
  if ('refused' in entry) return [entry.name, '', '', '', '', `refused: ${entry.refused}`]
  const { name, step, isWithinStep, created, bytes, metrics, reasons, pinned } = entry
  const values = Object.entries(metrics).map(([metric, value]) => `${metric} ${formatNumber(value)}`)
  return [
    name,
    isWithinStep ? `${step}+` : String(step),
    created,
    formatBytes(bytes),
    values.join(', '),
    [...(pinned ? ['pinned'] : []), ...reasons].join('; '),
  ]
}
