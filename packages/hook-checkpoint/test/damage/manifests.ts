import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromExactJson, toExactJson } from '../../src/exact-json.ts'
import { type Manifest, sealed } from '../../src/manifest.ts'
import type { Damage } from './damages.ts'
import { newest } from './place.ts'

/** Every value of a manifest changed, without a new hash of it. */
export function unsealedEdits(text: string): Damage[] {
  const manifest = fromExactJson(text) as unknown as Manifest
  return leavesOf(manifest).map((keys) =>
    written(`${keys.join('.')} is another, the hash is not`, withOther(manifest, keys)),
  )
}

/** What a manifest says of the contents changed, with the hash that belongs to it. */
export function sealedEdits(text: string): Damage[] {
  const { sha256: _, ...manifest } = fromExactJson(text) as unknown as Manifest
  const describing = ['sequence', 'rank', 'worldSize', 'created', 'reasons', 'metrics', 'pinned']
  const leaves = leavesOf(manifest).filter(([key]) => !describing.includes(key as string))
  const edits = leaves.map((keys) => [keys.join('.'), withOther(manifest, keys)] as const)
  return [...edits, ...otherFiles(manifest)].map(([what, edited]) =>
    written(`${what} is another, and so is the hash`, sealed(edited as typeof manifest)),
  )
}

/** The same in another form. */
export function reformatted(text: string): Damage[] {
  const manifest = fromExactJson(text)
  const forms = [
    toExactJson(manifest),
    toExactJson(manifest, 4),
    text.trimEnd(),
    `${text}\n`,
    `\ufeff${text}`,
  ]
  return forms.map((form, index) => writing(`the manifest in form ${index}`, form))
}

type Unsealed = Omit<Manifest, 'sha256'>

function otherFiles({ files, ...rest }: Unsealed): [string, Unsealed][] {
  return Object.entries(files).flatMap(([file, entry]): [string, Unsealed][] => {
    const { [file]: _, ...others } = files
    return [
      [`files without ${file}`, { ...rest, files: others }],
      [`../${file}`, { ...rest, files: { ...others, [`../${file}`]: entry } }],
      [`/etc/${file}`, { ...rest, files: { ...others, [`/etc/${file}`]: entry } }],
    ]
  })
}

/** Where the values are that hold no others. */
function leavesOf(value: unknown, keys: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [keys]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...keys, key]))
}

function withOther<Value>(value: Value, [key, ...rest]: readonly string[]): Value {
  if (key === undefined) return other(value) as Value
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  copy[key] = withOther(copy[key], rest)
  return copy as Value
}

function other(value: unknown): unknown {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  const text = String(value)
  return `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`
}

function written(what: string, manifest: unknown): Damage {
  return writing(what, `${toExactJson(manifest, 2)}\n`)
}

function writing(what: string, text: string): Damage {
  return { what, apply: (path) => writeFile(join(path, newest, 'manifest.json'), text) }
}
