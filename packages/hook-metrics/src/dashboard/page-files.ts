import { readFile } from 'node:fs/promises'

/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly body: Buffer
}

/** What a browser may ask for besides the numbers, and nothing else. */
const names: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
}

/** Beside this module where it is published; where it is run from the sources, what was last built. */
const folders = [new URL('./page/', import.meta.url), new URL('../../dist/page/', import.meta.url)]

const unbuilt =
  'The page is not there: in a clone of Hookstep, "npm run build" in packages/hook-metrics makes it. Where a bundler ' +
  'has put this program together, leave @hookstep/hook-metrics out of the bundle.\n'

/** The files of the page by their paths, read once: they may be replaced, by an update, while the page is served. */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>()
  for (const [path, { file, type }] of Object.entries(names)) {
    const body = await readFirst(file)
    if (body !== undefined) files.set(path, { type, body })
  }
  if (!files.has('/')) files.set('/', { type: 'text/plain; charset=utf-8', body: Buffer.from(unbuilt) })
  return files
}

async function readFirst(file: string): Promise<Buffer | undefined> {
  for (const folder of folders) {
    const body = await readFile(new URL(file, folder)).catch(() => undefined)
    if (body !== undefined) return body
  }
  return undefined
}
