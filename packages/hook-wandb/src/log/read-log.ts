import type { RunFolder } from '../run-folder.ts'
import { decodeRecord } from './decode.ts'
import { blockBytes, fileHeader, unframe } from './frames.ts'
import type { LogRecord } from './records.ts'

/** What is read at once, at first. */
const stretchBytes = 32 * blockBytes

/** A record, and where it lies. */
export interface ReadRecord {
  /** `undefined` for one that Hookstep does not write. */
  readonly record: LogRecord | undefined
  /** Its first byte in the file, and the first behind it: where the next one is read from. */
  readonly start: number
  readonly end: number
}

/**
 * The records of a `.wandb` file from a position on. It ends before the first record that is torn, by a crash or
 * because it is being written, or damaged.
 *
 * @param position the `end` of a record; 0 for all.
 * @throws SyntaxError on a file that is no `.wandb` file.
 */
export async function* readLog(folder: RunFolder, path: string, position = 0): AsyncGenerator<ReadRecord> {
  let at = position === 0 ? await afterHeader(folder, path) : position
  for (let length = stretchBytes; ; ) {
    const bytes = await folder.read(path, at, length)
    const begin = at
    for (const framed of unframe(bytes, begin)) {
      at = framed.end
      yield { record: decodeRecord(framed.bytes), start: framed.start, end: framed.end }
    }
    if (bytes.length < length) return
    // Of a record that is larger than the stretch nothing has been seen yet.
    length = at === begin ? length * 2 : stretchBytes
  }
}

/** @throws SyntaxError where another file, or none, has been begun. */
async function afterHeader(folder: RunFolder, path: string): Promise<number> {
  const found = await folder.read(path, 0, fileHeader.length)
  if (found.every((byte, at) => byte === fileHeader[at])) return fileHeader.length
  throw new SyntaxError(`${folder.location}/${path} is no transaction log of W&B: it begins with other bytes`)
}
