import { fileNames } from './file-names.ts'
import { checkName } from './names.ts'
import type { CheckpointWriter, FileEntry } from './store.ts'

/**
 * Holds who writes to what every store relies on: names that can be kept, each file once, nothing after the end, and
 * no commit without a manifest or after a write that failed.
 */
export class StrictWriter implements CheckpointWriter {
  private readonly location: string
  private readonly writer: CheckpointWriter
  private readonly written = new Set<string>()
  private end: 'committed' | 'discarded' | undefined
  private failed: string | undefined

  /** @param location the checkpoint's, for messages. */
  constructor(location: string, writer: CheckpointWriter) {
    this.location = location
    this.writer = writer
  }

  async write(file: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    this.checkOpen()
    checkName(file)
    if (this.written.has(file)) throw new Error(`${this.location}/${file} is written already`)
    this.written.add(file)
    try {
      return await this.writer.write(file, parts)
    } catch (error) {
      this.failed ??= file
      throw error
    }
  }

  async commit(): Promise<void> {
    this.checkOpen()
    if (this.failed)
      throw new Error(`${this.location} cannot be committed: ${this.failed} could not be written`)
    if (!this.written.has(fileNames.manifest)) {
      throw new Error(`${this.location} cannot be committed: it has no ${fileNames.manifest}`)
    }
    this.end = 'committed'
    await this.writer.commit()
  }

  /** After the end it does nothing. */
  async discard(): Promise<void> {
    if (this.end !== undefined) return
    this.end = 'discarded'
    await this.writer.discard()
  }

  private checkOpen(): void {
    if (this.end !== undefined) throw new Error(`${this.location} is ${this.end}: nothing can follow`)
  }
}
