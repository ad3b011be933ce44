import type { S3Client } from '@aws-sdk/client-s3'
import { manifestLastStore } from '../manifest-last.ts'
import { isName } from '../names.ts'
import type { CheckpointStore } from '../store.ts'
import { Bucket } from './bucket.ts'
import { S3Folders } from './s3-folders.ts'

/** Which bucket, and where in it. */
export interface S3StoreOptions {
  /** The official client, with its region, endpoint, credentials and retries. It stays yours: nothing closes it. */
  readonly client: S3Client
  readonly bucket: string
  /** Where in the bucket: `runs/digits`. Default: at its top. */
  readonly prefix?: string
  /** Whether the place is kept for one run at a time, by conditional writes. Default true. */
  readonly exclusive?: boolean
  /**
   * Seconds without a sign of life after which a run counts as dead, and another may have its place. Default 60.
   */
  readonly leaseSeconds?: number
}

/**
 * Keeps checkpoints in a bucket of Amazon S3, or of what speaks its language: `<prefix>/<checkpoint>/<file>`. A
 * checkpoint is there once its `manifest.json` is, which is put last.
 *
 * ```ts
 * import { S3Client } from '@aws-sdk/client-s3'
 *
 * const store = s3Store({ client: new S3Client(), bucket: 'my-bucket', prefix: 'runs/digits' })
 * ```
 *
 * @throws RangeError on options that cannot be, naming the value.
 */
export function s3Store(options: S3StoreOptions): CheckpointStore {
  const { client, bucket, prefix = '', exclusive = true, leaseSeconds = 60 } = options
  const path = prefix.replace(/\/$/, '')
  if (bucket === '') throw new RangeError("s3Store: bucket is '', it must name a bucket")
  if (path !== '' && !path.split('/').every(isName)) {
    throw new RangeError(
      `s3Store: prefix is ${JSON.stringify(prefix)}, it must be names with '/' between them`,
    )
  }
  if (!(leaseSeconds > 0 && leaseSeconds < Infinity)) {
    throw new RangeError(`s3Store: leaseSeconds is ${leaseSeconds}, it must be a positive number of seconds`)
  }
  const start = path === '' ? '' : `${path}/`
  return manifestLastStore(new S3Folders(new Bucket(client, bucket), start, { exclusive, leaseSeconds }))
}
