import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CallbackSource } from '@hookstep/callbacks'
import { UsageError } from './usage-error.ts'

/**
 * The callbacks of a module of the user's.
 *
 * @throws UsageError where it cannot be loaded, or exports no list.
 */
export async function loadCallbacks(file: string): Promise<readonly CallbackSource[]> {
  const exported = await importDefault(file)
  if (Array.isArray(exported)) return exported as CallbackSource[]
  throw new UsageError(
    `--callbacks ${file}: its default export is no list; write export default [new MyCallback()]`,
  )
}

async function importDefault(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(file)).href)) as { default?: unknown }).default
  } catch (cause) {
    throw new UsageError(`--callbacks ${file}: ${(cause as Error).message}`)
  }
}
