import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folder } from '../src/node/folder.ts'
import { storeContract } from './store-contract.ts'

let top: string

beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'hookstep-folder-'))
})

afterAll(() => rm(top, { recursive: true, force: true }))

describe('the folder store', () => {
  for (const [index, { name, run }] of storeContract.entries()) {
    test(name, () => run({ store: () => folder(join(top, `${index}`, 'checkpoints')) }))
  }

  test('keeps a file of which the disk gets the first parts while the last ones are hashed', async () => {
    const writer = await folder(top).create('large')
    const parts = Array.from({ length: 5 }, (_, at) => new Uint8Array(17 * 2 ** 20).fill(at))
    const sha256 = parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex')
    expect(await writer.write('weights', parts)).toEqual({ bytes: 85 * 2 ** 20, sha256 })
    await writer.discard()
  })
})
