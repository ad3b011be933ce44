import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Json, NamedArrays } from '@hookstep/catalogue'
import { hasCode } from '../node/file-errors.ts'
import { makeFolder } from '../node/folders.ts'
import { readCheckpoint } from '../reading.ts'
import { toSafetensors } from '../safetensors.ts'
import { toTensorFlowJs } from '../tensorflow-js.ts'
import { find, newest } from './places.ts'
import { type Subcommand, UsageError } from './subcommand.ts'

type Files = Readonly<Record<string, readonly Uint8Array[]>>

interface Exported {
  readonly parameters: NamedArrays
  readonly model: Json | undefined
}

const formats: Readonly<Record<string, (exported: Exported) => Files>> = {
  safetensors: ({ parameters }) => ({ 'model.safetensors': toSafetensors(parameters) }),
  tfjs: ({ parameters, model }) => toTensorFlowJs(parameters, model),
}

export const exporting: Subcommand = {
  takes: '[NAME] --to DIR [--format FORMAT]',
  about: 'writes the parameters for other programs',
  names: [0, 1],
  flags: ['to', 'format'],
  async run({ folder, names: [label], to, format = 'safetensors', print }) {
    if (to === undefined) throw new UsageError('name the folder to write to: --to DIR')
    const write = Object.hasOwn(formats, format) ? formats[format] : undefined
    if (write === undefined) {
      throw new UsageError(`there is no format ${format}; there are ${Object.keys(formats).join(', ')}`)
    }
    const { store, name } = label === undefined ? await newest(folder) : await find(folder, label)
    const read = await readCheckpoint(store, name)
    if (read.kind !== 'train') throw new UsageError(`${name} is that of an inference: it has no parameters`)
    const files = write({ parameters: read.state.session.parameters, model: read.model })
    for (const file of await writeAll(to, files)) print(file)
    return true
  },
}

async function writeAll(folder: string, files: Files): Promise<readonly string[]> {
  await makeFolder(resolve(folder))
  const written: string[] = []
  for (const [name, parts] of Object.entries(files)) {
    const path = join(folder, name)
    await writeNew(path, parts)
    written.push(path)
  }
  return written
}

async function writeNew(path: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    await writeFile(path, parts, { flag: 'wx' })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
    throw new Error(`${path} is there already, and stays as it is: name another folder`)
  }
}
