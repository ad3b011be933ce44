import type { RunFolder } from '../run-folder.ts'
import { createFiles, type RunName } from './graphql.ts'
import { type Connection, put } from './http.ts'
import type { Patience } from './patience.ts'
import { RequestError } from './request-error.ts'

/** A file of the run, and what is in it; `undefined` for what is not there. */
export interface RunFile {
  readonly path: string
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** A file of the run's folder. */
export function fileOf(folder: RunFolder, path: string): RunFile {
  const within = `files/${path}`
  return {
    path,
    read: async () => {
      const size = await folder.size(within)
      return size === undefined ? undefined : Uint8Array.from(await folder.read(within, 0, size))
    },
  }
}

/** A file that is made of JSON, which is YAML as well. */
export function jsonFile(path: string, json: string): RunFile {
  return { path, read: async () => Uint8Array.from(new TextEncoder().encode(json)) }
}

/**
 * Puts files where the server wants them, one after the other: again whatever fails, at an address that is asked for
 * anew. What the server will not have, and what is not there, is told and passed over.
 *
 * @returns the paths of those that it took.
 */
export async function putFiles(
  files: readonly RunFile[],
  to: { connection: Connection; run: RunName; patience: Patience; warn(message: string): void },
): Promise<string[]> {
  const taken: string[] = []
  for (const file of files) {
    const refusal = await to.patience.attempt(() => putFile(file, to))
    if (refusal === undefined) taken.push(file.path)
    else to.warn(`the file ${file.path} is not sent: ${refusal}`)
  }
  return taken
}

/** @returns why the server will not have it. @throws RequestError where it may yet. */
async function putFile(
  { path, read }: RunFile,
  { connection, run }: { connection: Connection; run: RunName },
): Promise<string | undefined> {
  const bytes = await read()
  if (bytes === undefined) return 'it is not there'
  const { uploadHeaders, files } = await createFiles(connection, run, [path])
  const [place] = files
  if (place === undefined) return 'the server has no place for it'
  try {
    await put(connection, place.uploadUrl, headersOf(uploadHeaders), bytes)
    return undefined
  } catch (error) {
    if (error instanceof RequestError && error.final) return error.message
    throw error
  }
}

/** `Name:value` each. */
function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
    }),
  )
}
