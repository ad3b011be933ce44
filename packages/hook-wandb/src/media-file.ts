import type { Media } from '@hookstep/catalogue'
import { png } from './png.ts'

/** What a row has of a media, and the file that it names; a histogram lies in the row itself. */
export interface MediaValue {
  readonly value: object
  readonly file?: { readonly path: string; readonly bytes: Uint8Array }
}

/**
 * A media as W&B's website reads it: `image-file`, `table-file`, `html-file` with a file below `media/`, or `histogram`.
 *
 * Source: what the official client writes (`wandb.Image`, `Table`, `Html`, `Histogram`),
 * https://github.com/wandb/wandb/tree/main/wandb/sdk/data_types
 */
export async function mediaValue(name: string, step: number, media: Media): Promise<MediaValue> {
  switch (media.kind) {
    case 'histogram':
      return { value: { _type: 'histogram', values: media.counts, bins: media.edges } }
    case 'image': {
      const { width, height } = media
      const value = { _type: 'image-file', format: 'png', width, height }
      return inFile(value, { name, step, folder: 'images', ending: 'png' }, await png(media))
    }
    case 'table': {
      const { columns, rows } = media
      const value = { _type: 'table-file', ncols: columns.length, nrows: rows.length }
      const content = encoded(JSON.stringify({ columns, data: rows }))
      return inFile(value, { name, step, folder: 'table', ending: 'table.json' }, content)
    }
    case 'text': {
      const content = encoded(`<pre style="white-space: pre-wrap">${escaped(media.text)}</pre>\n`)
      return inFile({ _type: 'html-file' }, { name, step, folder: 'html', ending: 'html' }, content)
    }
  }
}

interface Place {
  readonly name: string
  readonly step: number
  readonly folder: string
  readonly ending: string
}

async function inFile(value: object, place: Place, bytes: Uint8Array): Promise<MediaValue> {
  const sha256 = await hash(bytes)
  const { name, step, folder, ending } = place
  const path = `media/${folder}/${fileName(name)}_${step}_${sha256.slice(0, 20)}.${ending}`
  return { value: { ...value, path, sha256, size: bytes.length }, file: { path, bytes } }
}

async function hash(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Slashes make folders, as in the official client; what a file system may refuse becomes `_`. */
function fileName(name: string): string {
  const parts = name.split('/').map((part) => part.replace(/[^\p{L}\p{N}_ .-]/gu, '_').replace(/^\.+$/, '_'))
  return parts.filter((part) => part !== '').join('/')
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;' })[sign] ?? '&gt;')
}
