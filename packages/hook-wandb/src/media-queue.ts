import type { MediaContext } from '@hookstep/catalogue'
import { mediaValue } from './media-file.ts'
import { item, type Row } from './row.ts'
import type { RunFolder } from './run-folder.ts'

/** From so many on, the run waits for one of them. */
const capacity = 8

/** What is done with a media once its file is there. */
export interface MediaWatcher {
  /** @returns whether the row is new. */
  row(row: Row, seconds: number): boolean
  file(path: string): void
  /** Its file could not be written. */
  failed(name: string, error: unknown): void
}

/** Media are encoded, hashed and written beside the training, one after another. */
export class MediaQueue {
  private readonly folder: RunFolder
  private readonly watcher: MediaWatcher
  private last: Promise<void> = Promise.resolve()
  private waiting = 0

  constructor(folder: RunFolder, watcher: MediaWatcher) {
    this.folder = folder
    this.watcher = watcher
  }

  /** A promise where there are too many: they keep their pixels in memory. */
  add(context: MediaContext): void | Promise<void> {
    this.waiting++
    const before = this.last
    this.last = before.then(() => this.write(context))
    if (this.waiting > capacity) return before
  }

  /** Settles when all are written. */
  settle(): Promise<void> {
    return this.last
  }

  private async write({ name, step, progress, media }: MediaContext): Promise<void> {
    try {
      const { value, file } = await mediaValue(name, step, media)
      if (file !== undefined) await this.folder.write(`files/${file.path}`, file.bytes)
      const row: Row = { step, items: [item(name, value)], isRepeatable: false }
      const isNew = this.watcher.row(row, progress.seconds)
      if (file !== undefined && isNew) this.watcher.file(file.path)
    } catch (error) {
      this.watcher.failed(name, error)
    } finally {
      this.waiting--
    }
  }
}
