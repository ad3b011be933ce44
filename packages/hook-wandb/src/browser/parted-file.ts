import { bytesFrom } from '../bytes.ts'
import { unlessMissing } from './file-system.ts'

/** A browser copies a file before it changes it: a file that grows for long is therefore kept in parts. */
const partBytes = 256 * 1024
/** What is written more often wears the disk, and copies for nothing. */
const pauseMs = 200

/** A file of the origin-private file system that may lie in parts: `log`, `log.1`, `log.2`, …, each but the last one full. */
export class PartedFile {
  private readonly folder: FileSystemDirectoryHandle
  private readonly name: string
  private length = 0
  private writtenAt = -Infinity
  private goOn = (): void => {}

  constructor(folder: FileSystemDirectoryHandle, name: string) {
    this.folder = folder
    this.name = name
  }

  async size(): Promise<number | undefined> {
    let bytes: number | undefined
    for (let part = 0; ; part++) {
      const file = await this.part(part)
      if (file === undefined) return bytes
      bytes = (bytes ?? 0) + file.size
    }
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const found: Uint8Array[] = []
    for (let at = position; at < position + length; ) {
      const begin = at % partBytes
      const end = Math.min(begin + position + length - at, partBytes)
      const piece = await this.readPart((at - begin) / partBytes, begin, end)
      if (piece.length === 0) break
      found.push(piece)
      at += piece.length
    }
    return bytesFrom(found)
  }

  /** Writes it as a whole, in one part. Whoever reads meanwhile finds the old one or the new one. */
  async replace(bytes: Uint8Array): Promise<void> {
    await this.change(0, 0, bytes)
  }

  /** Begins to add behind so many bytes; what comes after them is removed. */
  async cut(bytes: number): Promise<void> {
    this.length = bytes
    const last = Math.floor(bytes / partBytes)
    for (let part = last + 1; (await this.part(part)) !== undefined; part++) {
      await this.folder.removeEntry(this.nameOf(part))
    }
    await this.change(last, bytes % partBytes, new Uint8Array(0))
  }

  async add(bytes: Uint8Array): Promise<void> {
    await this.pause(this.writtenAt + pauseMs - performance.now())
    for (let done = 0; done < bytes.length; ) {
      const begin = (this.length + done) % partBytes
      const piece = bytes.subarray(done, done + partBytes - begin)
      await this.change((this.length + done - begin) / partBytes, begin, piece)
      done += piece.length
    }
    this.length += bytes.length
    this.writtenAt = performance.now()
  }

  /** Ends the pause before what is to be added. */
  hurry(): void {
    this.goOn()
  }

  private async pause(ms: number): Promise<void> {
    if (ms <= 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.goOn = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Cuts a part, and adds bytes behind. */
  private async change(part: number, at: number, bytes: Uint8Array): Promise<void> {
    const file = await this.folder.getFileHandle(this.nameOf(part), { create: true })
    const stream = await file.createWritable({ keepExistingData: at > 0 })
    try {
      await stream.truncate(at)
      await stream.write({ type: 'write', position: at, data: bytes as Uint8Array<ArrayBuffer> })
    } catch (error) {
      // The first error says more than one of giving up.
      await stream.abort().catch(() => {})
      throw error
    }
    await stream.close()
  }

  /** What has changed since it was looked up cannot be read: it is looked up anew. */
  private async readPart(part: number, begin: number, end: number): Promise<Uint8Array> {
    for (;;) {
      const file = await this.part(part)
      if (file === undefined) return new Uint8Array(0)
      try {
        return new Uint8Array(await file.slice(begin, end).arrayBuffer())
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'NotReadableError')) throw error
      }
    }
  }

  private async part(number: number): Promise<File | undefined> {
    const handle = await unlessMissing(this.folder.getFileHandle(this.nameOf(number)))
    return handle?.getFile()
  }

  private nameOf(part: number): string {
    return part === 0 ? this.name : `${this.name}.${part}`
  }
}
