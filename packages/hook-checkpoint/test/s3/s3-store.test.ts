import { afterAll, beforeAll, describe, test } from 'vitest'
import { s3Store } from '../../src/s3.ts'
import { storeContract } from '../store-contract.ts'
import { S3Server } from './server.ts'

/** Long enough for a server under load, and short enough to wait for. */
const leaseSeconds = 0.4

let server: S3Server
beforeAll(async () => {
  server = await S3Server.start()
})
afterAll(() => server.close())

describe('a bucket', () => {
  for (const [index, { name, run }] of storeContract.entries()) {
    test(name, () => {
      const { client, bucket } = server
      return run({ store: () => s3Store({ client, bucket, prefix: `case-${index}`, leaseSeconds }) })
    })
  }
})
