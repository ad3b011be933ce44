import type { FileEntry } from '../store.ts'
import { WritingThread } from './writing-thread.ts'

/** What is written in hundredths of a second: not worth a thread more. */
const littleBytes = 16 * 2 ** 20

/**
 * Two threads that write files. A fast disk takes more than one thread can hash, and a checkpoint has two large files;
 * the second thread begins with the first file for which the first has no time.
 */
export class WritingThreads {
  private readonly first = new WritingThread()
  private readonly second = new WritingThread()

  /** Writes a new file. Takes the buffers of the parts, which are detached. */
  write(path: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    const { first, second } = this
    const isFirst = first.waitingBytes <= Math.max(littleBytes, second.waitingBytes)
    return (isFirst ? first : second).write(path, parts)
  }

  /** Once all is written. They begin again with the next file. */
  async end(): Promise<void> {
    await Promise.all([this.first.end(), this.second.end()])
  }
}
