import type { AppendedFile, RunFolder } from '../run-folder.ts'
import { root, unlessMissing } from './file-system.ts'
import { PartedFile } from './parted-file.ts'

/**
 * A folder of the browser's origin-private file system, from a page or a Worker. It is made when the first file is.
 *
 * @param path from the root of the file system, with slashes.
 */
export function opfsFolder(path: string): RunFolder {
  const steps = path.split('/').filter((step) => step !== '')
  return {
    location: `opfs:/${steps.join('/')}`,
    async size(file) {
      const found = await partsOf(steps, file, { create: false })
      return found?.size()
    },
    async read(file, position, length) {
      const found = await partsOf(steps, file, { create: false })
      if (found === undefined) throw new Error(`opfs:/${[...steps, file].join('/')} is not there`)
      return found.read(position, length)
    },
    async write(file, bytes) {
      const found = await partsOf(steps, file, { create: true })
      await found?.replace(bytes)
    },
    async append(file, bytes): Promise<AppendedFile> {
      const found = (await partsOf(steps, file, { create: true })) as PartedFile
      await found.cut(bytes)
      return {
        write: (more) => found.add(more),
        hurry: () => found.hurry(),
        sync: async () => {},
        close: async () => {},
      }
    },
  }
}

/** `undefined` where its folder is not there, and is not to be made. */
async function partsOf(
  steps: readonly string[],
  file: string,
  options: { readonly create: boolean },
): Promise<PartedFile | undefined> {
  const inner = file.split('/')
  const name = inner.pop() as string
  let folder = await root()
  for (const step of [...steps, ...inner]) {
    const next = await unlessMissing(folder.getDirectoryHandle(step, options))
    if (next === undefined) return undefined
    folder = next
  }
  return new PartedFile(folder, name)
}
