import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'

/** What an object must be for a put to be done: not there, or the one of this ETag. */
export type Condition = { readonly IfNoneMatch: '*' } | { readonly IfMatch: string }

/** The requests that a store makes of a bucket. Where the server refuses one, the client's error says why. */
export class Bucket {
  readonly name: string
  private readonly client: S3Client

  constructor(client: S3Client, name: string) {
    this.client = client
    this.name = name
  }

  /** Every object whose key begins so, page by page; with `isFlat` none that has a further `/` in its key. */
  async *list(
    prefix: string,
    isFlat = false,
  ): AsyncGenerator<{ readonly key: string; readonly bytes: number }> {
    let ContinuationToken: string | undefined
    do {
      const Delimiter = isFlat ? '/' : undefined
      const command = new ListObjectsV2Command({
        Bucket: this.name,
        Prefix: prefix,
        Delimiter,
        ContinuationToken,
      })
      const page = await this.client.send(command)
      for (const { Key = '', Size = 0 } of page.Contents ?? []) yield { key: Key, bytes: Size }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  /** @returns its ETag. */
  async put(key: string, body: Uint8Array, condition?: Condition): Promise<string> {
    const command = new PutObjectCommand({ Bucket: this.name, Key: key, Body: body, ...condition })
    return (await this.client.send(command)).ETag ?? ''
  }

  /** @param range of its bytes, the last one included; else all of them. */
  async get(key: string, range?: readonly [number, number]): Promise<{ bytes: Uint8Array; etag: string }> {
    const Range = range && `bytes=${range[0]}-${range[1]}`
    const { Body, ETag = '' } = await this.client.send(
      new GetObjectCommand({ Bucket: this.name, Key: key, Range }),
    )
    return { bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(), etag: ETag }
  }

  /** What is not there is removed as well. */
  async remove(key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key: key }))
  }

  /** Puts an object in parts, each of at least 5 MiB but the last; it is there once it is completed. */
  async beginUpload(key: string): Promise<Upload> {
    const there = { Bucket: this.name, Key: key }
    const { UploadId } = await this.client.send(new CreateMultipartUploadCommand(there))
    const upload = { ...there, UploadId }
    const parts: { PartNumber: number; ETag: string | undefined }[] = []
    return {
      put: async (PartNumber, Body) => {
        const { ETag } = await this.client.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
        parts.push({ PartNumber, ETag })
      },
      complete: async () => {
        const Parts = parts.sort((a, b) => a.PartNumber - b.PartNumber)
        await this.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))
      },
      abort: async () => {
        await this.client.send(new AbortMultipartUploadCommand(upload))
      },
    }
  }
}

export interface Upload {
  /** @param number counted from 1; they may come in any order. */
  put(number: number, body: Uint8Array): Promise<void>
  complete(): Promise<void>
  /** Gives up what was put: without it, a bucket keeps the parts, unseen. */
  abort(): Promise<void>
}

/** The status that a server has answered with, where an error is one of its answers. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode
}
