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

/** The file of a path; `undefined` where there is none of that name. */
export async function pageFile(path: string): Promise<PageFile | undefined> {
  const found = Object.hasOwn(names, path) ? names[path] : undefined
  if (found === undefined) return undefined
  for (const folder of folders) {
    const body = await readFile(new URL(found.file, folder)).catch(() => undefined)
    if (body !== undefined) return { type: found.type, body }
  }
  return path === '/' ? { type: 'text/plain; charset=utf-8', body: Buffer.from(unbuilt) } : undefined
}
