import { FileHash } from '../file-hash.ts'
import { fileNames } from '../file-names.ts'
import type { Folders, Sizes } from '../manifest-last.ts'
import { bytesOf, chunksOf, PartsFilling } from '../parts.ts'
import type { FileEntry } from '../store.ts'
import { ahead } from './ahead.ts'
import { type Bucket, statusOf, type Upload } from './bucket.ts'
import { Lease } from './lease.ts'

/** What one request carries: S3 wants at least 5 MiB for a part. */
const partBytes = 8 * 1024 * 1024
/** S3's limit. */
const mostParts = 10_000
/** Requests under way at once, and so the parts that are held in memory. */
const atOnce = 4

/** Which places are kept for one run, and for how long one may be silent. */
export interface LeaseOptions {
  readonly exclusive: boolean
  readonly leaseSeconds: number
}

/** Folders under a prefix of a bucket: the keys are `<prefix><folder>/<file>`. */
export class S3Folders implements Folders {
  readonly location: string
  private readonly bucket: Bucket
  private readonly prefix: string
  private readonly options: LeaseOptions
  private lease: Lease | undefined

  /** @param prefix empty, or with a `/` at its end. */
  constructor(bucket: Bucket, prefix: string, options: LeaseOptions) {
    this.bucket = bucket
    this.prefix = prefix
    this.options = options
    this.location = `s3://${bucket.name}/${prefix}`.replace(/\/$/, '')
  }

  async lock(): Promise<() => Promise<void>> {
    if (!this.options.exclusive) return async () => {}
    const { bucket, location } = this
    const lease = await Lease.take({
      bucket,
      location,
      key: `${this.prefix}lease.json`,
      seconds: this.options.leaseSeconds,
    })
    this.lease = lease
    return async () => {
      this.lease = undefined
      await lease.release()
    }
  }

  within(name: string): Folders {
    return new S3Folders(this.bucket, `${this.prefix}${name}/`, this.options)
  }

  async list(): Promise<ReadonlyMap<string, boolean>> {
    const names = new Map<string, boolean>()
    for await (const { key, bytes } of this.bucket.list(this.prefix)) {
      const [folder, file, ...deeper] = key.slice(this.prefix.length).split('/')
      if (!folder || !file || deeper.length > 0) continue
      names.set(folder, names.get(folder) === true || (file === fileNames.manifest && bytes > 0))
    }
    return names
  }

  async files(folder: string): Promise<Sizes> {
    const start = `${this.prefix}${folder}/`
    const sizes: [string, number][] = []
    for await (const { key, bytes } of this.bucket.list(start, true))
      sizes.push([key.slice(start.length), bytes])
    return Object.fromEntries(sizes)
  }

  async write(folder: string, file: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    if (file === fileNames.manifest) await this.lease?.confirm()
    const key = this.keyOf(folder, file)
    if (bytesOf(parts) <= partBytes) return this.writeAtOnce(key, parts)
    const upload = await this.bucket.beginUpload(key)
    try {
      const entry = await writeInParts(upload, parts)
      await upload.complete()
      return entry
    } catch (error) {
      // The first error says more than one of giving up.
      await upload.abort().catch(() => {})
      throw error
    }
  }

  async read(folder: string, file: string, into: readonly Uint8Array[]): Promise<FileEntry> {
    const [hash, filling] = [new FileHash(), new PartsFilling(into)]
    const key = this.keyOf(folder, file)
    const ranges = rangesOf(bytesOf(into)).map((range) => () => this.readRange(key, range))
    for await (const chunk of ahead(ranges, atOnce)) {
      filling.add(chunk)
      await hash.add(chunk)
    }
    return hash.entry()
  }

  async remove(folder: string, files: readonly string[]): Promise<void> {
    const tasks = files.map((file) => () => this.bucket.remove(this.keyOf(folder, file)))
    for await (const _ of ahead(tasks, atOnce));
  }

  private keyOf(folder: string, file: string): string {
    return `${this.prefix}${folder}/${file}`
  }

  private async writeAtOnce(key: string, parts: readonly Uint8Array[]): Promise<FileEntry> {
    const [body = new Uint8Array()] = chunksOf(parts, partBytes)
    const hash = new FileHash()
    await hash.add(body)
    await this.bucket.put(key, body)
    return hash.entry()
  }

  /** The client repeats a request that fails, but not one whose answer breaks off: that is done here, twice. */
  private async readRange(key: string, range: Range, repeats = 2): Promise<Uint8Array> {
    try {
      return (await this.bucket.get(key, range)).bytes
    } catch (error) {
      if (repeats === 0 || statusOf(error) !== undefined) throw error
      return this.readRange(key, range, repeats - 1)
    }
  }
}

/** Hashes the parts in their order, whatever the order in which they arrive. */
async function writeInParts(upload: Upload, parts: readonly Uint8Array[]): Promise<FileEntry> {
  const hash = new FileHash()
  for await (const chunk of ahead(uploads(upload, parts), atOnce)) await hash.add(chunk)
  return hash.entry()
}

function* uploads(upload: Upload, parts: readonly Uint8Array[]): Generator<() => Promise<Uint8Array>> {
  const bytes = Math.max(partBytes, Math.ceil(bytesOf(parts) / mostParts))
  let number = 0
  for (const chunk of chunksOf(parts, bytes)) {
    number++
    const own = number
    yield async () => {
      await upload.put(own, chunk)
      return chunk
    }
  }
}

/** The first and the last byte of each request that reads a file. */
type Range = readonly [number, number]

function rangesOf(bytes: number): Range[] {
  return Array.from({ length: Math.ceil(bytes / partBytes) }, (_, i) => {
    return [i * partBytes, Math.min((i + 1) * partBytes, bytes) - 1] as const
  })
}
